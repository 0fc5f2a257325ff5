import { type Translate, useText } from "../i18n";
import { isKnown } from "../lyrics/sections";
import { clock } from "../ui/format";
import type { Landmarks, Part } from "./landmarks";

/** How the service names a part: "chorus:2". */
export const idOf = ({ name, nth }: Part) => `${name}:${nth}`;

function partLabel({ name, nth, of }: Part, t: Translate): string {
  return [isKnown(name) ? t(`part.${name}`) : name || t("part.none"), of > 1 ? nth : ""].join(" ").trim();
}

interface PartsProps {
  marks: Landmarks;
  chosen: Part | null;
  onChoose: (part: Part) => void;
}

/** The parts of the song to choose one from. */
export function Parts({ marks, chosen, onChoose }: PartsProps) {
  const { t } = useText();
  return (
    <fieldset className="flex flex-wrap gap-1.5">
      <legend className="sr-only">{t("rework.part")}</legend>
      {marks.parts.map((part) => (
        <button
          key={idOf(part)}
          type="button"
          aria-pressed={part === chosen}
          onClick={() => onChoose(part)}
          className={`part-soft hue-${isKnown(part.name) ? part.name : "unknown"} h-8 rounded-full px-3 text-sm font-medium aria-pressed:outline-2 aria-pressed:outline-current pointer-coarse:h-10`}
        >
          {partLabel(part, t)} <span className="tabular-nums">{clock(part.start)}</span>
        </button>
      ))}
    </fieldset>
  );
}
