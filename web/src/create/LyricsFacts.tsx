import type { Outline } from "../api/client";
import { useText } from "../i18n";
import { clock } from "../ui/format";

/** The number of lines and syllables, and the time that they need. */
export function LyricsFacts({ outline }: { outline: Outline | undefined }) {
  const { t } = useText();
  if (!outline?.lines) return null;
  const { lines, syllables, seconds } = outline;
  return (
    <p className="mt-2 flex flex-wrap gap-x-3 text-sm text-muted tabular-nums">
      <span>{t("lyrics.lines", { n: lines })}</span>
      <span>{t("lyrics.syllables", { n: syllables })}</span>
      {seconds !== null && <span>{t("lyrics.about", { time: clock(seconds) })}</span>}
    </p>
  );
}
