import type { Song, Take } from "../api/client";
import { noteText } from "../api/problems";
import { useSongAction } from "../api/songs";
import { useProblemToast } from "../app/toasts";
import { type Translate, useText } from "../i18n";
import { Button } from "../ui/Button";
import { roughly } from "../ui/format";
import { etaOf } from "./song";

/** A progress bar for each take, with the stage and the time left. */
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
      aria-valuetext={takeText(take, t)}
      className="h-1.5 flex-1 overflow-hidden rounded-full bg-line"
    >
      <div
        className={`h-full origin-left rounded-full transition-transform duration-300 ${take.note || take.state === "failed" || take.state === "cancelled" ? "bg-edge" : "bg-accent"}`}
        style={{ transform: `scaleX(${take.progress})` }}
      />
    </div>
  );
}

/** The stage and the time left, with a button to cancel. */
export function ProgressLine({ song, className = "" }: { song: Song; className?: string }) {
  const action = useSongAction();
  const showProblem = useProblemToast();
  const { t } = useText();
  return (
    <div className={`flex items-center justify-between gap-3 ${className}`}>
      <p className="min-w-0 text-sm text-muted tabular-nums">{progressText(song, t)}</p>
      <Button
        size="sm"
        look="ghost"
        className="-mr-2 shrink-0"
        disabled={action.isPending}
        onClick={() => action.mutate({ id: song.id, action: "cancel" }, { onError: showProblem })}
      >
        {t("song.cancel")}
      </Button>
    </div>
  );
}

/** The stage or state of a take. */
export function takeText(take: Take, t: Translate): string {
  if (take.note) return t("state.waits");
  if (take.state === "running" && take.stage) return t(`stage.${take.stage}`);
  return t(`state.${take.state}`);
}

/** The stage and the time until all takes are done, or the place in the queue. */
export function progressText(song: Song, t: Translate): string {
  const note = song.takes.map((take) => noteText(take, t)).find(Boolean);
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
