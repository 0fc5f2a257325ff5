import { Pencil } from "lucide-react";
import { type ReactNode, useState } from "react";
import { LIMITS } from "../api/limits";
import { useText } from "../i18n";
import { IconButton } from "./Button";

interface Props {
  name: string;
  save: (name: string) => void;
  /** Classes of the field that replaces the heading. */
  className: string;
  children: ReactNode;
}

/** A heading with a button to edit its name in place: Enter saves, Escape cancels. */
export function EditableName({ name, save, className, children }: Props) {
  const [typed, setTyped] = useState<string | null>(null);
  const { t } = useText();
  const end = () => {
    const value = typed?.trim();
    if (value !== undefined && value !== name) save(value);
    setTyped(null);
  };
  if (typed !== null)
    return (
      <input
        // biome-ignore lint/a11y/noAutofocus: it replaces the button that was just pressed
        autoFocus
        aria-label={t("song.rename")}
        className={`field !px-2 !py-1 font-semibold tracking-tight ${className}`}
        maxLength={LIMITS.title}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={end}
        onFocus={(event) => event.currentTarget.select()}
        onKeyDown={(event) => {
          if (event.key === "Enter") end();
          if (event.key === "Escape") setTyped(null);
        }}
      />
    );
  return (
    <div className="group flex items-start gap-1">
      {children}
      <IconButton
        label={t("song.rename")}
        size="sm"
        className="opacity-60 pointer-coarse:-mt-2 group-hover:opacity-100 focus-visible:opacity-100"
        onClick={() => setTyped(name)}
      >
        <Pencil />
      </IconButton>
    </div>
  );
}
