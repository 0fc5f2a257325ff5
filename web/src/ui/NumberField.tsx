import { useState } from "react";
import { useText } from "../i18n";

interface Props {
  id: string;
  "aria-describedby"?: string;
  className?: string;
  placeholder: string;
  limits: readonly [low: number, high: number];
  value: number | null;
  onChange: (value: number | null) => void;
}

/** A whole number or none. A number out of range is clamped when the field loses focus, with a note of the limits. */
export function NumberField({ limits, value, onChange, className = "", ...rest }: Props) {
  const [low, high] = limits;
  const { t } = useText();
  const [typed, setTyped] = useState<string | null>(null);
  const [corrected, setCorrected] = useState(false);
  const nearest = (number: number) => Math.min(high, Math.max(low, Math.round(number)));
  const type = (text: string, bad: boolean) => {
    const number = Number(text);
    setTyped(text);
    setCorrected(bad || number > high);
    if (text === "" && !bad) onChange(null);
    else if (text !== "" && number === nearest(number)) onChange(number);
  };
  const leave = (text: string) => {
    const number = Number(text);
    if (text !== "") onChange(nearest(number));
    setCorrected(text !== "" && number !== nearest(number));
    setTyped(null);
  };
  const wrong = corrected || (value !== null && value !== nearest(value));
  return (
    <>
      <input
        {...rest}
        type="number"
        inputMode="numeric"
        min={low}
        max={high}
        aria-invalid={wrong || undefined}
        className={`field ${className}`}
        value={typed ?? value ?? ""}
        onChange={(event) => type(event.currentTarget.value, event.currentTarget.validity.badInput)}
        onBlur={(event) => typed !== null && leave(event.currentTarget.value)}
      />
      {wrong && (
        <span role="alert" className="mt-1.5 block text-sm text-warn">
          {t("create.limits", { low, high })}
        </span>
      )}
    </>
  );
}
