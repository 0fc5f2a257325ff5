import { Fragment } from "react";
import type { Section } from "../api/client";
import { paint } from "../lyrics/sections";

/** The lyrics in the colours of their parts, exactly under the transparent text of the field. */
export function LyricsPaint({ text, sections }: { text: string; sections: readonly Section[] }) {
  return (
    <div aria-hidden="true" className="lyrics-text pointer-events-none absolute inset-x-0 top-0 whitespace-pre-wrap">
      {paint(text, sections).map(({ text: line, head, part, sung }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is identified by its position
        <Fragment key={i}>
          {head > 0 && <span className={`part hue-${part} font-semibold`}>{line.slice(0, head)}</span>}
          {sung ? line.slice(head) : <span className="text-muted line-through">{line.slice(head)}</span>}
          {"\n"}
        </Fragment>
      ))}
    </div>
  );
}
