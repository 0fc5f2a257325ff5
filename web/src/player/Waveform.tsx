import { type KeyboardEvent, useEffect, useRef } from "react";
import type WaveSurfer from "wavesurfer.js";
import { usePeaks } from "../api/catalogue";
import type { Take } from "../api/client";
import { useText } from "../i18n";
import { useColours } from "../ui/colours";
import { clock } from "../ui/format";
import { audio, seek, setLoop, usePlayer } from "./store";

const STEPS: Record<string, number> = {
  ArrowLeft: -5,
  ArrowDown: -5,
  ArrowRight: 5,
  ArrowUp: 5,
  PageDown: -15,
  PageUp: 15,
};

/** The waveform of the current take: click to seek, drag to loop a region. A slider for the keyboard. */
export function Waveform({ take, height }: { take: Take; height: number }) {
  const box = useRef<HTMLDivElement>(null);
  const { data: peaks } = usePeaks(take.id);
  const colours = useColours();
  const time = usePlayer((player) => player.time);
  const { t } = useText();
  const seconds = take.duration ?? 0;

  useEffect(() => {
    if (!peaks || !box.current) return;
    const container = box.current;
    let surfer: WaveSurfer | undefined;
    let gone = false;
    const channel = peaks.peaks.map(([low = 0, high = 0]) => Math.max(high, -low));
    void draw(container, channel, peaks.duration, height, colours).then((made) => {
      if (gone) made.destroy();
      else surfer = made;
    });
    return () => {
      gone = true;
      surfer?.destroy();
    };
  }, [peaks, height, colours]);

  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step !== undefined) seek(audio.currentTime + step);
    else if (event.key === "Home") seek(0);
    else if (event.key === "End") seek(seconds);
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={box}
      role="slider"
      tabIndex={0}
      aria-label={t("player.position")}
      aria-valuemin={0}
      aria-valuemax={Math.round(seconds)}
      aria-valuenow={Math.round(time)}
      aria-valuetext={t("player.at", { time: clock(time), whole: clock(seconds) })}
      onKeyDown={press}
      className="w-full cursor-pointer rounded-lg"
      style={{ height }}
    />
  );
}

/** Draws the waveform. Its library is loaded with the first song that is played. */
async function draw(
  container: HTMLElement,
  channel: number[],
  duration: number,
  height: number,
  colours: { line: string; edge: string; accent: string },
): Promise<WaveSurfer> {
  const [{ default: Surfer }, { default: Regions }] = await Promise.all([
    import("wavesurfer.js"),
    import("wavesurfer.js/plugins/regions"),
  ]);
  const regions = Regions.create();
  const surfer = Surfer.create({
    container,
    media: audio,
    peaks: [channel],
    duration,
    height,
    normalize: true,
    barWidth: 2,
    barGap: 1.5,
    barRadius: 2,
    cursorWidth: 0,
    waveColor: colours.edge,
    progressColor: colours.accent,
    plugins: [regions],
  });
  regions.enableDragSelection({ color: `color-mix(in oklab, ${colours.accent} 18%, transparent)` });
  followLoop(surfer, regions, colours.accent);
  return surfer;
}

type Regions = InstanceType<typeof import("wavesurfer.js/plugins/regions")["default"]>;

/** Keeps the drawn region and the player's loop in step, whichever changes. */
function followLoop(surfer: WaveSurfer, regions: Regions, accent: string): void {
  const color = `color-mix(in oklab, ${accent} 18%, transparent)`;
  let ours = false;
  const show = () => {
    const { loop } = usePlayer.getState();
    const [region] = regions.getRegions();
    ours = true;
    if (!loop) regions.clearRegions();
    else if (region) region.setOptions({ start: loop.start, end: loop.end });
    else regions.addRegion({ ...loop, color });
    ours = false;
  };
  regions.on("region-created", (region) => {
    if (ours) return;
    for (const other of regions.getRegions()) if (other !== region) other.remove();
    setLoop({ start: region.start, end: region.end });
  });
  regions.on("region-updated", (region) => {
    if (!ours) setLoop({ start: region.start, end: region.end });
  });
  const unsubscribe = usePlayer.subscribe((now, before) => now.loop !== before.loop && show());
  surfer.on("destroy", unsubscribe);
  surfer.once("ready", show);
}
