import type { ComponentProps } from "react";

interface Props extends Omit<ComponentProps<"input">, "onChange" | "value" | "type"> {
  value: number;
  min: number;
  max: number;
  onChange: (value: number) => void;
}

/** A slider whose track is filled up to its thumb. */
export function Range({ value, min, max, onChange, style, ...rest }: Props) {
  const fill = `${(100 * (value - min)) / (max - min)}%`;
  return (
    <input
      type="range"
      {...rest}
      min={min}
      max={max}
      value={value}
      onChange={(event) => onChange(event.currentTarget.valueAsNumber)}
      style={{ ...style, ["--fill" as string]: fill }}
    />
  );
}
