import { type ReactNode, useId } from "react";

interface Props<T extends string> {
  label: string;
  value: T;
  options: { value: T; label: ReactNode }[];
  onChange: (value: T) => void;
  className?: string;
}

/** Radio buttons that look like a switch: one of a few choices, all visible. */
export function Segmented<T extends string>({ label, value, options, onChange, className = "" }: Props<T>) {
  const name = useId();
  return (
    <fieldset className={`flex rounded-full bg-sunk p-1 pointer-coarse:p-0.5 ${className}`}>
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className="relative flex h-8 flex-1 items-center justify-center rounded-full px-4 text-sm font-medium whitespace-nowrap text-muted pointer-coarse:h-10 transition-colors hover:text-ink has-checked:bg-raised has-checked:text-ink has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name={name}
            className="absolute inset-0 appearance-none rounded-full outline-none"
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
