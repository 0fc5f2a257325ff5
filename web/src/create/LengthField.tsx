import { useState } from "react";
import type { Outline } from "../api/client";
import { lengthOf } from "../api/outline";
import { useText } from "../i18n";
import { clock, parseClock } from "../ui/format";
import { Range } from "../ui/Range";
import { LIMITS, useDraft } from "./draft";
import { useLongest } from "./longest";

/** The longest length of the song; until one chooses, it follows the lyrics. */
export function LengthField({ outline }: { outline: Outline | undefined }) {
  const draft = useDraft();
  const longest = useLongest();
  const { t } = useText();
  const [text, setText] = useState<string | null>(null);
  const [told, setTold] = useState(false);
  const [shortest] = LIMITS.seconds;
  const wanted = (!draft.instrumental && outline?.seconds) || null;
  const seconds = lengthOf(draft.seconds, wanted, longest);
  const put = (value: number | null) => draft.set({ seconds: value === null ? null : lengthOf(value, null, longest) });
  const type = (typed: string) => {
    const value = parseClock(typed);
    if (value !== null && value !== seconds) put(value);
    setTold(value === null || value !== lengthOf(value, null, longest));
    setText(null);
  };
  return (
    <section>
      <div className="flex items-center gap-3">
        <label htmlFor="length" className="mr-auto text-sm font-medium">
          {t("create.length")}
        </label>
        {draft.seconds === null ? (
          <span className="text-sm text-muted">{t(wanted === null ? "create.usual" : "create.fits")}</span>
        ) : (
          <button
            type="button"
            className="text-sm font-medium text-accent hover:underline pointer-coarse:h-10"
            onClick={() => put(null)}
          >
            {t(wanted === null ? "create.reset" : "create.useFit")}
          </button>
        )}
        <input
          aria-label={t("create.lengthTyped")}
          className="w-14 rounded-lg bg-transparent py-0.5 text-right font-medium tabular-nums hover:bg-sunk pointer-coarse:h-10"
          value={text ?? clock(seconds)}
          onChange={(event) => setText(event.currentTarget.value)}
          onBlur={(event) => text !== null && type(event.currentTarget.value)}
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
        onChange={(value) => {
          put(value);
          setTold(false);
        }}
      />
      {told && (
        <p role="alert" className="mt-1 text-sm text-warn">
          {t("create.lengthLimits", { low: clock(shortest), high: clock(longest) })}
        </p>
      )}
    </section>
  );
}
