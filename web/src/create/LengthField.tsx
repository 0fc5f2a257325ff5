import { useState } from "react";
import { useText } from "../i18n";
import { clock, parseClock } from "../ui/format";
import { Range } from "../ui/Range";
import { LIMITS, lengthOf, useDraft } from "./draft";
import { useLongest } from "./longest";

/** The longest length of the song; until one chooses, it follows the lyrics. */
export function LengthField() {
  const draft = useDraft();
  const longest = useLongest();
  const { t } = useText();
  const [text, setText] = useState<string | null>(null);
  const [shortest] = LIMITS.seconds;
  const seconds = lengthOf(draft, longest);
  const put = (value: number | null) =>
    draft.set({ seconds: value === null ? null : Math.min(longest, Math.max(shortest, value)) });
  const type = (typed: string) => {
    const value = parseClock(typed);
    if (value !== null && value !== seconds) put(value);
    setText(null);
  };
  return (
    <section>
      <div className="flex items-baseline gap-3">
        <label htmlFor="length" className="mr-auto text-sm font-medium">
          {t("create.length")}
        </label>
        {draft.seconds === null ? (
          <span className="text-sm text-muted">
            {draft.instrumental ? "" : t(draft.lyrics ? "create.fits" : "create.usual")}
          </span>
        ) : (
          <button type="button" className="text-sm font-medium text-accent hover:underline" onClick={() => put(null)}>
            {t(draft.instrumental ? "create.reset" : "create.useFit")}
          </button>
        )}
        <input
          aria-label={t("create.lengthTyped")}
          className="w-14 rounded-lg bg-transparent py-0.5 text-right font-medium tabular-nums hover:bg-sunk"
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
        value={seconds}
        aria-valuetext={clock(seconds)}
        onChange={put}
      />
    </section>
  );
}
