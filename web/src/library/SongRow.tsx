import { Heart, Pause, Play } from "lucide-react";
import { memo } from "react";
import type { Song } from "../api/client";
import { useChangeSong } from "../api/songs";
import { songHref } from "../app/route";
import { useProblemToast } from "../app/toasts";
import { useText } from "../i18n";
import { play, toggle, usePlayer } from "../player/store";
import { SelectBox } from "../selection/SelectBox";
import { IconButton } from "../ui/Button";
import { Cover } from "../ui/Cover";
import { clock, day } from "../ui/format";
import { derivedText } from "../versions/text";
import { SongMenu } from "./SongMenu";
import { SongProgress } from "./SongProgress";
import { finished, isActive, playable, styleOf, titleOf } from "./song";

/** A song in the list: the cover plays it, the title opens it. */
export const SongRow = memo(function SongRow({ song, open }: { song: Song; open: boolean }) {
  const change = useChangeSong();
  const showProblem = useProblemToast();
  const { t, locale, language } = useText();
  const title = titleOf(song, language);
  const seconds = finished(song)[0]?.duration;
  return (
    <li
      data-song={song.id}
      className={`group relative has-[input:checked]:bg-accent-soft pointer-coarse:select-none [-webkit-touch-callout:none] rounded-2xl px-3 py-2.5 transition-colors [content-visibility:auto] [contain-intrinsic-size:auto_4.75rem] hover:bg-sunk ${open ? "bg-sunk" : ""}`}
    >
      <div className="flex items-center gap-3.5">
        <SelectBox id={song.id} title={title} />
        <PlayCover song={song} title={title} />
        <div className="min-w-0 flex-1">
          <a
            href={songHref(song.id)}
            aria-current={open ? "page" : undefined}
            className="block truncate font-medium after:absolute after:inset-0 after:rounded-2xl"
          >
            {title}
          </a>
          <p className="truncate text-sm text-muted">
            {[derivedText(song, t), styleOf(song.request, language) || t("song.lyricsOnly")]
              .filter(Boolean)
              .join(" · ")}
          </p>
        </div>
        <div className="hidden shrink-0 text-right text-sm text-muted tabular-nums sm:block">
          {song.state === "failed" || song.state === "cancelled" ? (
            <span className={song.state === "failed" ? "text-danger" : ""}>{t(`state.${song.state}`)}</span>
          ) : (
            <>
              {seconds ? <p>{clock(seconds)}</p> : null}
              <p>{day(song.created, locale)}</p>
            </>
          )}
        </div>
        <div className="relative flex shrink-0 items-center">
          <IconButton
            label={t(song.liked ? "song.unlike" : "song.like", { title })}
            aria-pressed={song.liked}
            className={song.liked ? "!text-accent" : ""}
            onClick={() => change.mutate({ id: song.id, liked: !song.liked }, { onError: showProblem })}
          >
            <Heart fill={song.liked ? "currentColor" : "none"} />
          </IconButton>
          <SongMenu song={song} />
        </div>
      </div>
      {isActive(song) && <SongProgress song={song} className="relative mt-2.5 pl-[4.375rem]" />}
    </li>
  );
});

function PlayCover({ song, title }: { song: Song; title: string }) {
  const { t } = useText();
  const playing = usePlayer((player) => player.playing && player.song === song.id);
  const current = usePlayer((player) => player.song === song.id);
  const first = playable(song);
  const press = () => (current ? toggle() : first && play(song, first));
  return (
    <button
      type="button"
      disabled={!first}
      aria-label={t(playing ? "song.pause" : "song.play", { title })}
      onClick={press}
      className="relative z-10 grid size-14 shrink-0 place-items-center overflow-hidden rounded-xl"
    >
      <Cover id={song.id} className={`absolute inset-0 size-full ${first ? "" : "opacity-45 grayscale-50"}`} />
      {first && (
        <span
          className={`relative grid size-9 place-items-center rounded-full bg-black/55 text-white transition-opacity ${current ? "" : "opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 [@media(hover:none)]:opacity-100"}`}
        >
          {playing ? (
            <Pause className="size-4" fill="currentColor" />
          ) : (
            <Play className="size-4 translate-x-px" fill="currentColor" />
          )}
        </span>
      )}
    </button>
  );
}
