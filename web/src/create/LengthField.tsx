import { useState } from "react";
import type { Outline } from "../api/client";
import { LIMITS } from "../api/limits";
import { lengthOf } from "../api/outline";
import { useText } from "../i18n";
import { clock, parseClock } from "../ui/format";
import { Range } from "../ui/Range";
import { useDraft } from "./draft";
import { useMaxSeconds } from "./maxSeconds";

/** The length of the song, which follows the lyrics until one is chosen. */
export function LengthField({ outline }: { outline: Outline | undefined }) {
  const draft = useDraft();
  const maxSeconds = useMaxSeconds();
  const { t } = useText();
  const [text, setText] = useState<string | null>(null);
  const [corrected, setCorrected] = useState(false);
  const [shortest] = LIMITS.duration;
  const wanted = (!draft.instrumental && outline?.seconds) || null;
  const seconds = lengthOf(draft.seconds, wanted, maxSeconds);
  const put = (value: number | null) =>
    draft.set({ seconds: value === null ? null : lengthOf(value, null, maxSeconds) });
  const type = (typed: string) => {
    const value = parseClock(typed);
    if (value !== null && value !== seconds) put(value);
    setCorrected(value === null || value !== lengthOf(value, null, maxSeconds));
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
        max={maxSeconds}
        step={5}
        value={seconds}
        aria-valuetext={clock(seconds)}
        onChange={(value) => {
          put(value);
          setCorrected(false);
        }}
      />
      {corrected && (
        <p role="alert" className="mt-1 text-sm text-warn">
          {t("create.lengthLimits", { low: clock(shortest), high: clock(maxSeconds) })}
        </p>
      )}
    </section>
  );
}
