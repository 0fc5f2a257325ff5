import { type KeyboardEvent, useId, useRef, useState } from "react";
import { useText } from "../i18n";
import {
  type Edit,
  insertSection,
  moveSection,
  parseSections,
  SECTION_TAGS,
  type SectionTag,
  sectionAt,
} from "../lyrics/sections";
import { useDraft } from "./draft";
import { LyricsFacts } from "./LyricsFacts";
import { LyricsForm } from "./LyricsForm";
import { LyricsPaint } from "./LyricsPaint";

const OFTEN: SectionTag[] = ["verse", "chorus", "bridge", "intro", "outro"];

/** Lyrics with their parts in colour; tags are put in by a click, parts move by Alt and the arrow keys. */
export function LyricsEditor() {
  const { lyrics, set } = useDraft();
  const { t } = useText();
  const [told, setTold] = useState("");
  const [all, setAll] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();

  /** Writes an edit as if it were typed, so that undo takes it back. */
  const write = ({ text, caret }: Edit) => {
    const field = area.current!;
    field.focus();
    field.select();
    if (!document.execCommand("insertText", false, text)) set({ lyrics: text });
    field.setSelectionRange(caret, caret);
  };
  const insert = (tag: SectionTag) => write(insertSection(lyrics, area.current!.selectionStart, tag));
  const move = (index: number, step: -1 | 1) => {
    const edit = moveSection(lyrics, index, step);
    if (!edit) return false;
    write(edit);
    setTold(t("lyrics.moved", { place: index + step + 1, of: parseSections(lyrics).length }));
    return true;
  };
  const press = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const index = sectionAt(parseSections(lyrics), event.currentTarget.selectionStart);
    move(index, event.key === "ArrowUp" ? -1 : 1);
  };

  return (
    <div>
      <div className="overflow-hidden rounded-2xl border border-line bg-surface focus-within:border-edge">
        <div
          className="flex flex-wrap gap-1.5 border-b border-line p-2.5"
          role="toolbar"
          aria-label={t("lyrics.insert")}
        >
          {(all ? SECTION_TAGS : OFTEN).map((tag) => (
            <button
              key={tag}
              type="button"
              onClick={() => insert(tag)}
              className={`part-soft hue-${tag} h-7 rounded-full px-2.5 text-[0.8125rem] font-medium`}
            >
              <span aria-hidden="true">+ </span>
              {t(`part.${tag}`)}
            </button>
          ))}
          {!all && (
            <button
              type="button"
              onClick={() => setAll(true)}
              className="h-7 px-2 text-[0.8125rem] text-muted hover:text-ink"
            >
              {t("lyrics.moreParts")}
            </button>
          )}
        </div>
        <label htmlFor={id} className="sr-only">
          {t("create.lyrics")}
        </label>
        <div className="relative max-h-96 min-h-52 overflow-y-auto">
          <LyricsPaint text={lyrics} />
          <textarea
            ref={area}
            id={id}
            value={lyrics}
            maxLength={10_000}
            spellCheck={false}
            placeholder={t("lyrics.placeholder")}
            aria-describedby={`${id}-keys`}
            onChange={(event) => set({ lyrics: event.currentTarget.value })}
            onKeyDown={press}
            className="lyrics-text relative block min-h-52 w-full resize-none overflow-hidden bg-transparent text-transparent caret-ink outline-none field-sizing-content"
          />
        </div>
        <LyricsForm lyrics={lyrics} onMove={move} onPick={(at) => area.current?.setSelectionRange(at, at)} />
      </div>
      <LyricsFacts />
      <p id={`${id}-keys`} className="sr-only">
        {t("lyrics.keys")}
      </p>
      <p aria-live="polite" className="sr-only">
        {told}
      </p>
    </div>
  );
}
