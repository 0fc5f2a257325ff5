import { Download, Pause, Play, RotateCcw } from "lucide-react";
import { downloadUrl, type Song, shareUrl, type Take } from "../api/client";
import { AUDIO_FORMATS } from "../api/limits";
import { failureText } from "../api/problems";
import { useSongAction } from "../api/songs";
import { useSettings } from "../app/settings";
import { useProblemToast } from "../app/toasts";
import { useText } from "../i18n";
import { play, toggle, usePlayer } from "../player/store";
import { ReworkMenu } from "../rework/ReworkMenu";
import { Button, IconButton } from "../ui/Button";
import { clock } from "../ui/format";
import { DragOut } from "./DragOut";
import { FormatMenu } from "./FormatMenu";
import { ProgressLine, TakeBar, takeText } from "./SongProgress";
import { finished, isActive } from "./song";
import { TagsItem } from "./TagsItem";
import { TakePeaks } from "./TakePeaks";

/** The takes of a song; switching between them keeps the position. */
export function TakeList({ song }: { song: Song }) {
  const { t } = useText();
  const action = useSongAction();
  const showProblem = useProblemToast();
  const ended = song.takes.filter(({ state }) => state === "failed" || state === "cancelled");
  return (
    <section aria-label={t("takes.name")}>
      <div className="mb-3 flex min-h-7 items-center justify-between gap-4">
        <h2 className="shrink-0 font-medium">{t("takes.count", { n: song.takes.length })}</h2>
        {isActive(song) ? (
          <ProgressLine song={song} className="sm:gap-5" />
        ) : (
          finished(song).length > 1 && <p className="text-right text-sm text-muted">{t("takes.compare")}</p>
        )}
      </div>
      <ul className="space-y-2">
        {song.takes.map((take) => (
          <li key={take.id}>
            {take.state === "done" ? (
              <FinishedTake song={song} take={take} />
            ) : (
              <UnfinishedTake song={song} take={take} />
            )}
          </li>
        ))}
      </ul>
      {ended.length > 0 && !isActive(song) && (
        <Button
          className="mt-3"
          disabled={action.isPending}
          onClick={() => action.mutate({ id: song.id, action: "retry" }, { onError: showProblem })}
        >
          <RotateCcw className="size-4" aria-hidden="true" />
          {t("song.retry")}
        </Button>
      )}
    </section>
  );
}

interface Row {
  song: Song;
  take: Take;
}

function PlayButton({ song, take }: Row) {
  const { t } = useText();
  const current = usePlayer((player) => player.take?.id === take.id);
  const playing = usePlayer((player) => player.playing && player.take?.id === take.id);
  return (
    <IconButton
      label={t(playing ? "song.pause" : "song.play", { title: t("take.name", { n: take.number }) })}
      look={current ? "primary" : "soft"}
      onClick={() => (current ? toggle() : play(song, take))}
    >
      {playing ? <Pause fill="currentColor" /> : <Play fill="currentColor" className="translate-x-px" />}
    </IconButton>
  );
}

function FinishedTake({ song, take }: Row) {
  const { t } = useText();
  const current = usePlayer((player) => player.take?.id === take.id);
  const name = t("take.name", { n: take.number });
  return (
    <div
      className={`flex items-center gap-3 rounded-2xl border bg-surface p-2.5 ${current ? "border-accent" : "border-line"}`}
    >
      <PlayButton song={song} take={take} />
      <div className="w-14 shrink-0 text-sm">
        <p className="font-medium">{name}</p>
        <p className="text-muted tabular-nums">{clock(take.duration ?? 0)}</p>
      </div>
      <TakePeaks song={song} take={take} current={current} />
      <DragOut song={song} take={take} />
      <ReworkMenu song={song} take={take} />
      <Downloads take={take} />
    </div>
  );
}

function Downloads({ take }: { take: Take }) {
  const { t } = useText();
  const tagged = useSettings((settings) => settings.tagged);
  return (
    <FormatMenu
      trigger={
        <IconButton label={t("song.download", { n: take.number })}>
          <Download />
        </IconButton>
      }
      items={[
        ...AUDIO_FORMATS.map((format) => ({
          format,
          hint: t(`format.${format}`),
          href: downloadUrl(take.id, format, tagged),
        })),
        { format: "html", hint: t("share.hint"), href: `${shareUrl(take.id)}?download=true` },
      ]}
    >
      <TagsItem />
    </FormatMenu>
  );
}

/** A take that waits, is being made, failed or was cancelled. It may be heard while it is made. */
function UnfinishedTake({ song, take }: Row) {
  const { t } = useText();
  const failed = take.state === "failed";
  const failure = failed ? failureText(take, t) : null;
  const name = t("take.name", { n: take.number });
  if (take.state === "queued" || take.state === "running")
    return (
      <div
        className={`flex h-15.5 items-center gap-4 rounded-2xl border border-line pr-4 text-sm ${take.live ? "pl-2.5" : "pl-4"}`}
      >
        {take.live && <PlayButton song={song} take={take} />}
        <div className="w-29 shrink-0">
          <p className="font-medium">{name}</p>
          <p className="truncate text-muted">{takeText(take, t)}</p>
        </div>
        <TakeBar take={take} />
      </div>
    );
  return (
    <div
      className={`rounded-2xl border border-dashed border-line px-4 py-3 text-sm ${failed ? "text-danger" : "text-muted"}`}
    >
      <p>
        <span className="font-medium">{name}</span>
        {" · "}
        {failure ? failure.title : takeText(take, t)}
      </p>
      {failure?.detail && <p className="mt-1 wrap-anywhere text-muted">{failure.detail}</p>}
    </div>
  );
}
