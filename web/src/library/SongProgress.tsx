import type { Song, Take } from "../api/client";
import { tellNote } from "../api/problems";
import { useSongAction } from "../api/songs";
import { useProblem } from "../app/toasts";
import { type Translate, useText } from "../i18n";
import { Button } from "../ui/Button";
import { roughly } from "../ui/format";
import { etaOf } from "./words";

/** How far the takes of a song are, in one bar a take, with the stage and the time left in words. */
export function SongProgress({ song, className = "" }: { song: Song; className?: string }) {
  return (
    <div className={className}>
      <div className="flex gap-1.5">
        {song.takes.map((take) => (
          <TakeBar key={take.id} take={take} />
        ))}
      </div>
      <ProgressLine song={song} className="mt-1.5" />
    </div>
  );
}

export function TakeBar({ take }: { take: Take }) {
  const { t } = useText();
  return (
    <div
      role="progressbar"
      aria-label={t("take.name", { n: take.number })}
      aria-valuenow={Math.round(100 * take.progress)}
      aria-valuetext={takeWords(take, t)}
      className="h-1.5 flex-1 overflow-hidden rounded-full bg-line"
    >
      <div
        className={`h-full origin-left rounded-full transition-transform duration-300 ${take.note || take.state === "failed" || take.state === "cancelled" ? "bg-edge" : "bg-accent"}`}
        style={{ transform: `scaleX(${take.progress})` }}
      />
    </div>
  );
}

/** What is being done and for how long, and a way to stop it. */
export function ProgressLine({ song, className = "" }: { song: Song; className?: string }) {
  const action = useSongAction();
  const problem = useProblem();
  const { t } = useText();
  return (
    <div className={`flex items-center justify-between gap-3 ${className}`}>
      <p className="min-w-0 text-sm text-muted tabular-nums">{progressWords(song, t)}</p>
      <Button
        size="sm"
        look="ghost"
        className="-mr-2 shrink-0"
        disabled={action.isPending}
        onClick={() => action.mutate({ id: song.id, action: "cancel" }, { onError: problem })}
      >
        {t("song.cancel")}
      </Button>
    </div>
  );
}

/** What happens to a take. */
export function takeWords(take: Take, t: Translate): string {
  if (take.note) return t("state.waits");
  if (take.state === "running" && take.stage) return t(`stage.${take.stage}`);
  return t(`state.${take.state}`);
}

/** One line: what is being done and how long until all takes are there, or the place in the queue. */
export function progressWords(song: Song, t: Translate): string {
  const note = song.takes.map((take) => tellNote(take, t)).find(Boolean);
  if (note) return t("song.waits", { note });
  const eta = Math.max(...song.takes.map((take) => etaOf(take) ?? 0));
  const left = eta > 0 ? t("song.left", { time: roughly(eta, t) }) : "";
  const running = song.takes.filter((take) => take.state === "running");
  if (running.length) {
    const least = running.reduce((a, b) => (a.progress <= b.progress ? a : b));
    const stage = t(`stage.${least.stage ?? "backbone"}`);
    return [stage, left].filter(Boolean).join(" · ");
  }
  const position = Math.min(...song.takes.flatMap((take) => take.position ?? []));
  const place = Number.isFinite(position) ? t("song.position", { n: position }) : t("state.queued");
  return [place, left].filter(Boolean).join(" · ");
}
