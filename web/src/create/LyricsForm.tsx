import type { KeyboardEvent } from "react";
import { useRef } from "react";
import type { Section } from "../api/client";
import { useText } from "../i18n";
import { isKnown } from "../lyrics/sections";

interface Props {
  parts: readonly Section[];
  onMove: (index: number, step: -1 | 1) => Promise<boolean>;
  onPick: (index: number) => void;
}

/** The form of the song: a block for each part, as wide as it has lines; arrow keys reorder them. */
export function LyricsForm({ parts, onMove, onPick }: Props) {
  const { t } = useText();
  const list = useRef<HTMLOListElement>(null);
  if (parts.filter(({ line }) => line !== null).length < 2) return null;
  const focus = (index: number) => list.current?.querySelectorAll("button")[index]?.focus();
  const press = async (event: KeyboardEvent, index: number) => {
    const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : null;
    if (!step) return;
    event.preventDefault();
    if (!event.altKey || (await onMove(index, step))) focus(index + step);
  };
  return (
    <ol ref={list} aria-label={t("lyrics.form")} className="flex gap-1 overflow-x-auto border-t border-line p-2.5">
      {parts.map(({ name, label, line, lines }, index) => (
        <li key={line} className="min-w-6" style={{ flex: `${1 + lines.length} 1 0` }}>
          <button
            type="button"
            title={t("lyrics.reorder")}
            aria-label={t("lyrics.part", { name: label || t("part.none"), n: lines.length })}
            onClick={() => onPick(index)}
            onKeyDown={(event) => void press(event, index)}
            className={`part-soft hue-${isKnown(name) ? name : "unknown"} block h-6 w-full truncate rounded-md px-1.5 text-left text-xs font-medium pointer-coarse:h-10`}
          >
            {isKnown(name) ? t(`part.${name}`) : label || "–"}
          </button>
        </li>
      ))}
    </ol>
  );
}
