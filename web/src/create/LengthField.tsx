import { useState } from "react";
import { useModels } from "../api/catalogue";
import { useText } from "../i18n";
import { countLyrics } from "../lyrics/fit";
import { clock, parseClock } from "../ui/format";
import { Range } from "../ui/Range";
import { LIMITS, useDraft } from "./draft";
import { bpmOf } from "./tags";

/** The longest length of the song, with what the lyrics ask for beside it. */
export function LengthField() {
  const { seconds, lyrics, instrumental, tags, model, set } = useDraft();
  const { models, standard } = useModels();
  const { t } = useText();
  const [text, setText] = useState<string | null>(null);
  const longest = Math.min(
    (models.find(({ name }) => name === model) ?? standard)?.max_seconds ?? 180,
    LIMITS.seconds[1],
  );
  const [shortest] = LIMITS.seconds;
  const fitting = instrumental ? null : countLyrics(lyrics, bpmOf(tags)).seconds;
  const put = (value: number) => set({ seconds: Math.min(longest, Math.max(shortest, value)) });
  const type = (typed: string) => {
    const value = parseClock(typed);
    if (value !== null) put(value);
    setText(null);
  };
  return (
    <section>
      <div className="flex items-baseline justify-between">
        <label htmlFor="length" className="text-sm font-medium">
          {t("create.length")}
        </label>
        <input
          aria-label={t("create.lengthTyped")}
          className="w-16 rounded-lg bg-transparent py-0.5 text-right font-medium tabular-nums hover:bg-sunk"
          value={text ?? clock(seconds)}
          onChange={(event) => setText(event.currentTarget.value)}
          onBlur={(event) => type(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && type(event.currentTarget.value)}
        />
      </div>
      <Range
        id="length"
        min={shortest}
        max={longest}
        step={5}
        value={Math.min(seconds, longest)}
        aria-valuetext={clock(seconds)}
        onChange={put}
      />
      {fitting !== null && Math.min(fitting, longest) !== seconds && (
        <p className="text-sm text-muted">
          {t("create.fits", { time: clock(fitting) })}{" "}
          <button type="button" className="font-medium text-accent hover:underline" onClick={() => put(fitting)}>
            {t("create.useFit")}
          </button>
        </p>
      )}
    </section>
  );
}
