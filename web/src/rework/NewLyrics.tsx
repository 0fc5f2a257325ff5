import { useEffect, useId, useRef } from "react";
import { LIMITS } from "../api/limits";
import { useText } from "../i18n";

interface Props {
  /** The lyrics of the take. */
  old: string;
  /** The first of their lines, from 1, that the new song leaves out; null if it keeps all. */
  cutFrom: number | null;
  lyrics: string;
  onChange: (lyrics: string) => void;
}

/** A field for new lyrics below those of the take. */
export function NewLyrics({ old, cutFrom, lyrics, onChange }: Props) {
  const { t } = useText();
  const id = useId();
  const sung = useRef<HTMLElement>(null);
  const lines = old.trimEnd().split("\n");
  const last = cutFrom === null ? lines.length : cutFrom - 1;
  useEffect(() => {
    const [box, line] = [sung.current, sung.current?.children[last - 1] as HTMLElement | undefined];
    if (box && line) box.scrollTop = line.offsetTop + line.offsetHeight - box.clientHeight + 28;
  }, [last]);
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {t("rework.newLyrics")}
      </label>
      <div className="overflow-hidden rounded-2xl border border-line bg-surface focus-within:border-edge">
        {old && (
          <section
            ref={sung}
            aria-label={t("rework.oldLyrics")}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys have to reach it
            tabIndex={0}
            className="lyrics-text relative max-h-36 overflow-y-auto border-b border-line bg-sunk text-muted -outline-offset-2"
          >
            {lines.map((line, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line is identified by its position
              <div key={i} className={i < last ? "" : "line-through"}>
                {line || "\u200b"}
              </div>
            ))}
          </section>
        )}
        <textarea
          id={id}
          aria-describedby={`${id}-hint`}
          className="lyrics-text block min-h-28 w-full resize-none bg-transparent outline-none field-sizing-content"
          maxLength={LIMITS.lyrics}
          spellCheck={false}
          placeholder={t("rework.newLyricsExample")}
          value={lyrics}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      </div>
      <p id={`${id}-hint`} className="mt-1.5 text-sm text-muted">
        {t("rework.newLyricsHint")}
      </p>
    </div>
  );
}
