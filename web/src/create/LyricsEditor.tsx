import { useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import type { Outline } from "../api/client";
import { LIMITS, SECTION_TAGS } from "../api/limits";
import { outlineOptions } from "../api/outline";
import { useText } from "../i18n";
import {
  distinctSections,
  type Edit,
  insertSection,
  movePart,
  partAt,
  type SectionTag,
  startsOf,
} from "../lyrics/sections";
import { outlineQueryOf, useDraft } from "./draft";
import { LyricsForm } from "./LyricsForm";
import { LyricsPaint } from "./LyricsPaint";
import { useMaxSeconds } from "./maxSeconds";

const COMMON_TAGS: SectionTag[] = ["verse", "chorus", "bridge", "intro", "outro"];

/** The lyrics with their parts in colour: a click inserts a tag, Alt and the arrow keys move a part. */
export function LyricsEditor({ outline }: { outline: Outline | undefined }) {
  const { lyrics, set } = useDraft();
  const client = useQueryClient();
  const maxSeconds = useMaxSeconds();
  const { t } = useText();
  const [announcement, setAnnouncement] = useState("");
  const [allShown, setAllShown] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const parts = distinctSections(outline?.sections ?? []);

  /** Applies an edit as if it were typed, so that the browser can undo it. */
  const write = ({ text, caret }: Edit) => {
    const field = area.current!;
    field.focus();
    field.select();
    if (!document.execCommand("insertText", false, text)) set({ lyrics: text });
    field.setSelectionRange(caret, caret);
  };
  const insert = (tag: SectionTag) => write(insertSection(lyrics, area.current!.selectionStart, tag));
  /** Moves the part that `which` picks, in the text as it is now: the outline that is shown may be out of date. */
  const move = async (which: (starts: number[]) => number, step: -1 | 1) => {
    const draft = useDraft.getState();
    const now = await client.fetchQuery(outlineOptions(outlineQueryOf(draft), maxSeconds)).catch(() => null);
    if (!now || draft.lyrics !== useDraft.getState().lyrics) return false;
    const parts = distinctSections(now.sections);
    const index = which(startsOf(draft.lyrics, parts));
    const edit = movePart(draft.lyrics, parts, index, step);
    if (!edit) return false;
    write(edit);
    setAnnouncement(t("lyrics.moved", { place: index + step + 1, of: parts.length }));
    return true;
  };
  const press = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const caret = event.currentTarget.selectionStart;
    void move((starts) => partAt(starts, caret), event.key === "ArrowUp" ? -1 : 1);
  };
  const pick = (index: number) => {
    const at = startsOf(lyrics, parts)[index] ?? 0;
    area.current?.focus();
    area.current?.setSelectionRange(at, at);
  };

  return (
    <div>
      <div className="overflow-hidden rounded-2xl border border-line bg-surface focus-within:border-edge">
        <div
          className="flex flex-wrap gap-1.5 border-b border-line p-2.5"
          role="toolbar"
          aria-label={t("lyrics.insert")}
        >
          {(allShown ? SECTION_TAGS : COMMON_TAGS).map((tag) => (
            <button
              key={tag}
              type="button"
              onClick={() => insert(tag)}
              className={`part-soft hue-${tag} h-7 rounded-full px-2.5 text-[0.8125rem] font-medium pointer-coarse:h-10 pointer-coarse:px-3`}
            >
              <span aria-hidden="true">+ </span>
              {t(`part.${tag}`)}
            </button>
          ))}
          {!allShown && (
            <button
              type="button"
              onClick={() => setAllShown(true)}
              className="h-7 px-2 text-[0.8125rem] text-muted hover:text-ink pointer-coarse:h-10"
            >
              {t("lyrics.moreParts")}
            </button>
          )}
        </div>
        <label htmlFor={id} className="sr-only">
          {t("create.lyrics")}
        </label>
        <div className="relative max-h-[min(24rem,50dvh)] overflow-y-auto">
          <LyricsPaint text={lyrics} sections={outline?.sections ?? []} />
          <textarea
            ref={area}
            id={id}
            value={lyrics}
            maxLength={LIMITS.lyrics}
            spellCheck={false}
            placeholder={t("lyrics.placeholder")}
            aria-describedby={`${id}-keys`}
            onChange={(event) => set({ lyrics: event.currentTarget.value })}
            onKeyDown={press}
            className="lyrics-text relative block min-h-36 w-full resize-none overflow-hidden bg-transparent text-transparent caret-ink outline-none field-sizing-content"
          />
        </div>
        <LyricsForm parts={parts} onMove={(index, step) => move(() => index, step)} onPick={pick} />
      </div>
      <p id={`${id}-keys`} className="sr-only">
        {t("lyrics.keys")}
      </p>
      <p aria-live="polite" className="sr-only">
        {announcement}
      </p>
    </div>
  );
}
