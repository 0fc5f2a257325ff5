import { Pause, Play, Repeat, SkipBack, SkipForward, TextQuote, Volume2, VolumeX } from "lucide-react";
import type { Song } from "../api/client";
import { useSong } from "../api/songs";
import { songHref } from "../app/route";
import { useSettings } from "../app/settings";
import { useText } from "../i18n";
import { finished, titleOf } from "../library/song";
import { IconButton } from "../ui/Button";
import { Cover } from "../ui/Cover";
import { clock } from "../ui/format";
import { Range } from "../ui/Range";
import { CompareSwitch } from "./CompareSwitch";
import { useComparison } from "./comparison";
import { LivePosition, useGoingOver } from "./LivePosition";
import { LyricsPanel, useLyricsPanel } from "./LyricsPanel";
import { QueueButtons } from "./QueueButtons";
import { play, position, seek, showLyrics, toggle, toggleLoop, usePlayer } from "./store";
import { Waveform } from "./Waveform";

/** The player at the foot of the page, shown once something has been played. */
export function Player() {
  const { song: id, take, live, failed, lyricsShown } = usePlayer();
  const { data: song } = useSong(id);
  useGoingOver(song);
  const panelSong = useLyricsPanel();
  const isCompared = useComparison(({ sides }) => sides !== null);
  const { t, language } = useText();
  if (!song || !take) return null;
  return (
    <section
      aria-label={t("player.name")}
      onKeyDown={(event) => event.key === "Escape" && showLyrics(false)}
      className="relative z-20 border-t border-line bg-surface px-3 pt-2 pb-[max(0.5rem,env(safe-area-inset-bottom))] sm:px-5 sm:py-3 low:py-1 lowest:py-0"
    >
      {panelSong && <LyricsPanel song={song} className="absolute right-3 bottom-full mb-3 sm:right-5 lg:hidden" />}
      <div className="mx-auto grid max-w-[110rem] grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 lg:grid-cols-[minmax(14rem,20rem)_minmax(0,1fr)_auto] lg:gap-x-8">
        <a href={songHref(song.id)} className="flex min-w-0 items-center gap-3 rounded-xl">
          <Cover id={song.id} className="size-11 max-[23rem]:hidden lg:size-13 low:hidden" />
          <span className="min-w-0">
            <span className="block truncate font-medium">{titleOf(song, language)}</span>
            <span className="block truncate text-sm text-muted">
              {failed ? t("player.failed") : t(live ? "player.live" : "take.name", { n: take.number })}
            </span>
          </span>
        </a>
        <div className="col-span-2 row-start-2 flex items-center lowest:hidden gap-3 lg:col-span-1 lg:col-start-2 lg:row-start-1 lg:gap-4">
          <span className="hidden lg:flex">
            <Transport />
          </span>
          <Time />
          <div className="min-w-0 flex-1">
            {live ? (
              <LivePosition seconds={song.request.duration} />
            ) : (
              <Waveform key={take.id} take={take} height={40} />
            )}
          </div>
          <span className="w-10 text-right text-xs text-muted tabular-nums">
            {clock(take.duration ?? song.request.duration)}
          </span>
        </div>
        <div className="flex items-center gap-1 lg:gap-2">
          <QueueButtons />
          {isCompared ? <CompareSwitch /> : <TakeSwitch song={song} />}
          <LoopButton />
          <IconButton
            label={t(lyricsShown ? "player.lyricsOff" : "player.lyrics")}
            aria-expanded={lyricsShown}
            look={lyricsShown ? "soft" : "ghost"}
            onClick={() => showLyrics(!lyricsShown)}
          >
            <TextQuote />
          </IconButton>
          <Volume />
          <span className="flex lg:hidden">
            <Transport />
          </span>
        </div>
      </div>
    </section>
  );
}

function Time() {
  const time = usePlayer((player) => player.time);
  return <span className="w-10 text-xs tabular-nums">{clock(time)}</span>;
}

function Transport() {
  const playing = usePlayer((player) => player.playing);
  const { t } = useText();
  const jump = (seconds: number) => seek(position() + seconds);
  return (
    <span className="flex items-center gap-1">
      <IconButton label={t("player.back")} className="max-sm:hidden" onClick={() => jump(-5)}>
        <SkipBack />
      </IconButton>
      <IconButton label={playing ? t("player.pause") : t("player.play")} look="primary" size="lg" onClick={toggle}>
        {playing ? <Pause fill="currentColor" /> : <Play fill="currentColor" className="translate-x-px" />}
      </IconButton>
      <IconButton label={t("player.forward")} className="max-sm:hidden" onClick={() => jump(5)}>
        <SkipForward />
      </IconButton>
    </span>
  );
}

const SHOWN = 4;

/** Buttons for the takes of the song, or the ones around the current take; switching keeps the position. */
function TakeSwitch({ song }: { song: Song }) {
  const take = usePlayer((player) => player.take);
  const { t } = useText();
  const takes = finished(song);
  if (takes.length < 2) return null;
  const at = takes.findIndex(({ id }) => id === take?.id);
  const first = Math.max(0, Math.min(at - 1, takes.length - SHOWN));
  return (
    <fieldset
      className={`rounded-full bg-sunk p-1 pointer-coarse:p-0 ${takes.length > 2 ? "hidden sm:flex" : "flex"}`}
      title={t("player.compare")}
    >
      <legend className="sr-only">{t("player.compare")}</legend>
      {takes.slice(first, first + SHOWN).map((other) => (
        <button
          key={other.id}
          type="button"
          aria-pressed={other.id === take?.id}
          aria-label={t("take.name", { n: other.number })}
          onClick={() => play(song, other)}
          className="size-7 rounded-full text-sm pointer-coarse:size-10 font-medium text-muted hover:text-ink aria-pressed:bg-raised aria-pressed:text-accent aria-pressed:shadow-sm"
        >
          {other.number}
        </button>
      ))}
    </fieldset>
  );
}

function LoopButton() {
  const loop = usePlayer((player) => player.loop);
  const live = usePlayer((player) => player.live);
  const { t } = useText();
  return (
    <IconButton
      label={t(loop ? "player.loopOff" : "player.loop")}
      aria-pressed={Boolean(loop)}
      disabled={live}
      look={loop ? "soft" : "ghost"}
      onClick={toggleLoop}
    >
      <Repeat />
    </IconButton>
  );
}

/** Hidden on phones, which have volume keys. */
function Volume() {
  const { volume, muted, set } = useSettings();
  const { t } = useText();
  return (
    <span className="hidden items-center md:flex">
      <IconButton label={t(muted ? "player.unmute" : "player.mute")} onClick={() => set({ muted: !muted })}>
        {muted || volume === 0 ? <VolumeX /> : <Volume2 />}
      </IconButton>
      <span className="w-24 lg:max-xl:hidden">
        <Range
          aria-label={t("player.volume")}
          min={0}
          max={1}
          step={0.01}
          value={muted ? 0 : volume}
          onChange={(value) => set({ volume: value, muted: false })}
        />
      </span>
    </span>
  );
}
