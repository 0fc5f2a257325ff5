import { type ReactNode, useId } from "react";

interface Props {
  label: string;
  hint?: ReactNode;
  aside?: ReactNode;
  className?: string;
  children: (ids: { id: string; "aria-describedby"?: string }) => ReactNode;
}

/** A control with its label above and a hint below. */
export function Labelled({ label, hint, aside, className = "", children }: Props) {
  const id = useId();
  return (
    <div className={className}>
      <div className="mb-1.5 flex items-baseline justify-between gap-3">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {aside && <span className="text-sm text-muted">{aside}</span>}
      </div>
      {children(hint ? { id, "aria-describedby": `${id}-hint` } : { id })}
      {hint && (
        <p id={`${id}-hint`} className="mt-1.5 text-sm text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}
