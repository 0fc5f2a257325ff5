import { GripVertical, Pause, Play, X } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { useChangePlaylist } from "../api/playlists";
import { songHref, useRoute } from "../app/route";
import { useProblemToast } from "../app/toasts";
import { useText } from "../i18n";
import { dragTake } from "../library/dragTake";
import { styleOf, titleOf } from "../library/song";
import type { Track } from "../player/queue";
import { toggle, usePlayer } from "../player/store";
import { IconButton } from "../ui/Button";
import { Cover } from "../ui/Cover";
import { clock } from "../ui/format";
import { beforeOf, slotAt, slotOfKey } from "./order";

interface Props {
  list: string;
  tracks: readonly Track[];
  play: (take: string) => void;
}

/** The takes of a playlist. The handle of a row moves it: dragged by mouse or finger, or by the arrow keys. */
export function PlaylistRows({ list, tracks, play }: Props) {
  const change = useChangePlaylist();
  const showProblem = useProblemToast();
  const { t } = useText();
  const rows = useRef<HTMLOListElement>(null);
  const [drag, setDrag] = useState<{ id: string; slot: number } | null>(null);
  const [announcement, setAnnouncement] = useState("");
  const moved = useRef<string | null>(null);
  const order = tracks.map(({ take }) => take.id);

  // a row that moves in the page loses the focus
  useEffect(() => {
    if (moved.current) rows.current?.querySelector<HTMLElement>(`[data-grip="${moved.current}"]`)?.focus();
    moved.current = null;
  });

  const move = (id: string, slot: number) => {
    const before = beforeOf(order, id, slot);
    if (before === undefined) return;
    const place = slot > order.indexOf(id) ? slot : slot + 1;
    setAnnouncement(t("lyrics.moved", { place, of: order.length }));
    change.mutate({ id: list, put: [id], before }, { onError: showProblem });
  };
  const press = (event: KeyboardEvent, id: string) => {
    const slot = slotOfKey(event.key, order.indexOf(id), order.length);
    if (slot === undefined) return;
    event.preventDefault();
    moved.current = id;
    move(id, slot);
  };
  const slotOf = ({ clientY }: PointerEvent) => {
    const items = [...rows.current!.children];
    const boxes = items.map((row) => row.getBoundingClientRect());
    const slot = slotAt(
      boxes.map(({ top, height }) => top + height / 2),
      clientY,
    );
    items[Math.min(slot, items.length - 1)]?.scrollIntoView({ block: "nearest" });
    return slot;
  };
  const grip = (id: string) => ({
    onKeyDown: (event: KeyboardEvent) => press(event, id),
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      setDrag({ id, slot: order.indexOf(id) });
    },
    onPointerMove: (event: PointerEvent) => drag && setDrag({ id, slot: slotOf(event) }),
    onPointerUp: (event: PointerEvent) => {
      if (drag) move(id, slotOf(event));
      setDrag(null);
    },
    onPointerCancel: () => setDrag(null),
  });

  return (
    <>
      <ol ref={rows} className="space-y-0.5">
        {tracks.map((track, at) => (
          <Row
            key={track.take.id}
            list={list}
            track={track}
            play={play}
            look={`${drag?.id === track.take.id ? "opacity-50" : ""} ${line(drag?.slot, at, order.length)}`}
            grip={grip(track.take.id)}
            remove={() => change.mutate({ id: list, remove: track.take.id }, { onError: showProblem })}
          />
        ))}
      </ol>
      <p aria-live="polite" className="sr-only">
        {announcement}
      </p>
    </>
  );
}

/** The line that shows where a dragged row would land, above a row or below the last one. */
function line(slot: number | undefined, at: number, length: number): string {
  if (slot === at) return "before:absolute before:inset-x-3 before:-top-px before:h-0.5 before:bg-accent";
  if (slot === length && at === length - 1)
    return "before:absolute before:inset-x-3 before:-bottom-px before:h-0.5 before:bg-accent";
  return "";
}

interface RowProps extends Omit<Props, "tracks"> {
  track: Track;
  look: string;
  grip: object;
  remove: () => void;
}

function Row({ list, track: { song, take }, play, look, grip, remove }: RowProps) {
  const { song: open } = useRoute();
  const current = usePlayer((player) => player.take?.id === take.id);
  const playing = usePlayer((player) => player.playing && player.take?.id === take.id);
  const { t, language } = useText();
  const title = titleOf(song, language);
  const done = take.state === "done";
  return (
    <li
      onDragStart={(event) => done && dragTake(event, title, take)}
      className={`group relative flex items-center gap-3 rounded-2xl py-2 pr-2 pl-1 hover:bg-sunk ${song.id === open ? "bg-sunk" : ""} ${look}`}
    >
      <button
        type="button"
        data-grip={take.id}
        aria-label={t("list.move", { title })}
        title={t("list.moveHint")}
        className="relative z-10 grid h-12 w-8 shrink-0 cursor-grab touch-none place-items-center text-edge hover:text-ink"
        {...grip}
      >
        <GripVertical className="size-4.5" aria-hidden="true" />
      </button>
      <button
        type="button"
        disabled={!done}
        aria-label={t(playing ? "song.pause" : "song.play", { title })}
        onClick={() => (current ? toggle() : play(take.id))}
        className="relative z-10 grid size-12 shrink-0 place-items-center overflow-hidden rounded-xl"
      >
        <Cover id={song.id} className={`absolute inset-0 size-full ${done ? "" : "opacity-45 grayscale-50"}`} />
        {done && (
          <span
            className={`relative grid size-8 place-items-center rounded-full bg-black/55 text-white ${current ? "" : "opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 [@media(hover:none)]:opacity-100"}`}
          >
            {playing ? (
              <Pause className="size-4" fill="currentColor" />
            ) : (
              <Play className="size-4 translate-x-px" fill="currentColor" />
            )}
          </span>
        )}
      </button>
      <div className="min-w-0 flex-1">
        <a
          href={songHref(song.id, list)}
          aria-current={song.id === open ? "page" : undefined}
          className={`block truncate font-medium after:absolute after:inset-0 after:rounded-2xl ${current ? "text-accent" : ""}`}
        >
          {title}
        </a>
        <p className="truncate text-sm text-muted">
          {[t("take.name", { n: take.number }), styleOf(song.request, language)].filter(Boolean).join(" · ")}
        </p>
      </div>
      <span className="text-sm text-muted tabular-nums">
        {done ? clock(take.duration ?? 0) : t(`state.${take.state}`)}
      </span>
      <IconButton label={t("list.remove", { title })} className="relative z-10" onClick={remove}>
        <X />
      </IconButton>
    </li>
  );
}
