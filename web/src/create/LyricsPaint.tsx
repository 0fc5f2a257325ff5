import { Fragment } from "react";
import { isKnown, parseLines } from "../lyrics/sections";

/** The lyrics' text in the colours of its parts, exactly under the transparent text of the field. */
export function LyricsPaint({ text }: { text: string }) {
  let part = "";
  return (
    <div
      aria-hidden="true"
      className="lyrics-text pointer-events-none absolute inset-x-0 top-0 break-words whitespace-pre-wrap"
    >
      {parseLines(text).map((line) => {
        if (line.tag !== undefined) part = isKnown(line.tag) ? line.tag : "unknown";
        const end = line.tag === undefined ? 0 : line.text.search(/[\]】]/) + 1;
        return (
          <Fragment key={line.start}>
            {end > 0 && <span className={`part hue-${part} font-semibold`}>{line.text.slice(0, end)}</span>}
            {line.text.slice(end)}
            {"\n"}
          </Fragment>
        );
      })}
    </div>
  );
}
