import type { KeyboardEvent } from "react";
import { useRef } from "react";
import { useText } from "../i18n";
import { isKnown, parseSections } from "../lyrics/sections";

interface Props {
  lyrics: string;
  onMove: (index: number, step: -1 | 1) => boolean;
  onPick: (offset: number) => void;
}

/** The song's form at a glance: a block for each part, as wide as it has lines; arrow keys reorder them. */
export function LyricsForm({ lyrics, onMove, onPick }: Props) {
  const { t } = useText();
  const list = useRef<HTMLOListElement>(null);
  const sections = parseSections(lyrics);
  if (sections.filter(({ name }) => name).length < 2) return null;
  const press = (event: KeyboardEvent, index: number) => {
    const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : null;
    if (!step) return;
    event.preventDefault();
    if (!event.altKey) list.current?.querySelectorAll("button")[index + step]?.focus();
    else if (onMove(index, step))
      requestAnimationFrame(() => list.current?.querySelectorAll("button")[index + step]?.focus());
  };
  return (
    <ol ref={list} aria-label={t("lyrics.form")} className="flex gap-1 border-t border-line p-2.5">
      {sections.map((section, index) => (
        <li key={section.start} className="min-w-0" style={{ flex: `${1 + section.lines.length} 1 0` }}>
          <button
            type="button"
            title={t("lyrics.reorder")}
            aria-label={t("lyrics.part", { name: section.name || t("part.none"), n: section.lines.length })}
            onClick={() => onPick(section.start)}
            onKeyDown={(event) => press(event, index)}
            className={`part-soft hue-${isKnown(section.name) ? section.name : "unknown"} block h-6 w-full truncate rounded-md px-1.5 text-left text-xs font-medium`}
          >
            {isKnown(section.name) ? t(`part.${section.name}`) : section.name || "–"}
          </button>
        </li>
      ))}
    </ol>
  );
}
