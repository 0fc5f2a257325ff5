import { TriangleAlert } from "lucide-react";
import { useDeferredValue } from "react";
import { type Translate, useText } from "../i18n";
import { countLyrics, type Warning, warnLyrics } from "../lyrics/fit";
import { clock } from "../ui/format";
import { lengthOf, useDraft } from "./draft";
import { useLongest } from "./longest";
import { bpmOf } from "./tags";

const SHOWN = 4;

/** How much there is to sing, how long it takes, and what models get wrong with it. */
export function LyricsFacts() {
  const draft = useDraft();
  const { lyrics, tags } = draft;
  const longest = useLongest();
  const { t } = useText();
  const text = useDeferredValue(lyrics);
  const bpm = bpmOf(tags);
  const counts = countLyrics(text, bpm);
  const warnings = warnLyrics(text, lengthOf(draft, longest), bpm);
  return (
    <>
      <p className="mt-2 flex flex-wrap gap-x-3 text-sm text-muted tabular-nums">
        {counts.lines > 0 && <span>{t("lyrics.lines", { n: counts.lines })}</span>}
        {counts.lines > 0 && <span>{t("lyrics.syllables", { n: counts.syllables })}</span>}
        {counts.seconds !== null && <span>{t("lyrics.about", { time: clock(counts.seconds) })}</span>}
      </p>
      <ul aria-live="polite" className="mt-2 space-y-1.5 empty:hidden">
        {warnings.slice(0, SHOWN).map((warning) => (
          <li
            key={JSON.stringify(warning)}
            className="flex items-start gap-2 rounded-xl bg-warn-soft px-3 py-2 text-sm text-warn"
          >
            <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
            {say(warning, t)}
          </li>
        ))}
      </ul>
    </>
  );
}

function say(warning: Warning, t: Translate): string {
  switch (warning.kind) {
    case "too-much":
      return t("warn.tooMuch", { time: clock(warning.seconds) });
    case "too-little":
      return t("warn.tooLittle", { time: clock(warning.seconds) });
    case "unknown":
      return warning.meant
        ? t("warn.unknownMeant", { tag: warning.tag, meant: warning.meant })
        : t("warn.unknown", { tag: warning.tag });
    case "sung":
      return t("warn.sung", { line: warning.line, text: warning.text });
    case "no-words":
      return t("warn.noWords");
  }
}
