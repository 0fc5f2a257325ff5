import { X } from "lucide-react";
import { useText } from "../i18n";
import { IconButton } from "../ui/Button";
import { endComparison, hear, sideHeard, useComparison } from "./comparison";
import { usePlayer } from "./store";

/** The two versions that are compared, if any: the one that is heard is pressed. */
export function CompareSwitch() {
  const sides = useComparison((comparison) => comparison.sides);
  const heard = sideHeard(
    sides,
    usePlayer((player) => player.take?.id),
  );
  const { t } = useText();
  if (!sides) return null;
  return (
    <fieldset className="flex items-center rounded-full bg-sunk p-1 pointer-coarse:p-0" title={t("versions.switch")}>
      <legend className="sr-only">{t("versions.switch")}</legend>
      {(["a", "b"] as const).map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={heard === name}
          aria-label={t("versions.side", { side: name.toUpperCase() })}
          onClick={() => hear(name)}
          className="size-7 rounded-full text-sm pointer-coarse:size-10 font-medium text-muted hover:text-ink aria-pressed:bg-raised aria-pressed:text-accent aria-pressed:shadow-sm"
        >
          {name.toUpperCase()}
        </button>
      ))}
      <IconButton
        label={t("versions.end")}
        size="sm"
        className="!size-7 pointer-coarse:!size-10"
        onClick={endComparison}
      >
        <X />
      </IconButton>
    </fieldset>
  );
}
