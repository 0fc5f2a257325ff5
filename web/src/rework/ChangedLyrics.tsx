import { LIMITS } from "../api/limits";
import { useText } from "../i18n";
import { paint } from "../lyrics/sections";
import { Labelled } from "../ui/Labelled";
import type { Changes } from "./changes";

interface Props {
  lyrics: string;
  changes: Changes;
  onChange: (lyrics: string) => void;
}

/** The whole lyrics in a field, with the lines marked that differ from those of the take. */
export function ChangedLyrics({ lyrics, changes, onChange }: Props) {
  const { t } = useText();
  const { added, removed } = changes;
  return (
    <Labelled
      label={t("create.lyrics")}
      hint={t("rework.lyricsHint")}
      aside={
        <span aria-live="polite">
          {added.size || removed.size ? t("rework.changed", { n: Math.max(added.size, removed.size) }) : ""}
        </span>
      }
    >
      {(ids) => (
        <div className="relative max-h-[min(20rem,45dvh)] overflow-y-auto rounded-2xl border border-line bg-surface focus-within:border-edge">
          <div
            aria-hidden="true"
            className="lyrics-text pointer-events-none absolute inset-x-0 top-0 whitespace-pre-wrap"
          >
            {paint(lyrics, []).map(({ text, head, part }, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line is identified by its position
              <div key={i} className={added.has(i + 1) ? "-mx-1 rounded-md bg-accent-soft px-1 text-accent" : ""}>
                {head > 0 && <span className={`part hue-${part} font-semibold`}>{text.slice(0, head)}</span>}
                {text.slice(head)}
                {!text && "\u200b"}
              </div>
            ))}
          </div>
          <textarea
            {...ids}
            value={lyrics}
            maxLength={LIMITS.lyrics}
            spellCheck={false}
            onChange={(event) => onChange(event.currentTarget.value)}
            className="lyrics-text relative block min-h-28 w-full resize-none overflow-hidden bg-transparent text-transparent caret-ink outline-none field-sizing-content"
          />
        </div>
      )}
    </Labelled>
  );
}
