import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useMetadata } from "../api/catalogue";
import type { Section, Song } from "../api/client";
import { outlineOptions } from "../api/outline";
import { useText } from "../i18n";
import { isKnown } from "../lyrics/sections";
import { lineAt, lineTimings } from "../lyrics/timing";
import { play, usePlayer } from "../player/store";
import { finished } from "./song";

/** The lyrics, part by part. With timing in the record of the take (the one that plays, or the first), the current line is
 * highlighted, a click on a line plays from there, and lines that are not sung are struck out. */
export function SongLyrics({ song }: { song: Song }) {
  const { t } = useText();
  const playing = usePlayer((player) => (player.song === song.id ? player.take : null));
  const take = playing ?? finished(song)[0];
  const { data } = useMetadata(take?.id ?? null);
  const lines = useMemo(() => lineTimings(data), [data]);
  const now = usePlayer((player) => (playing ? lineAt(lines, player.time) : -1));
  const { prompt, tags, lyrics, instrumental, model, duration } = song.request;
  const { data: outline, isError } = useQuery({
    ...outlineOptions({ prompt, tags, lyrics, instrumental, model, duration }, duration),
    enabled: Boolean(lyrics),
  });
  if (!lyrics) return <p className="text-muted">{t(instrumental ? "song.instrumental" : "song.noLyrics")}</p>;
  if (!outline) return isError && <p className="text-lg leading-relaxed wrap-anywhere whitespace-pre-wrap">{lyrics}</p>;
  return (
    <div className="space-y-5 text-lg leading-relaxed wrap-anywhere" lang="">
      {numbered(outline.sections).map(({ name, label, rows }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts repeat, and never move
        <div key={i}>
          {label && (
            <p className={`part hue-${isKnown(name) ? name : "unknown"} mb-0.5 text-sm font-semibold`}>
              {isKnown(name) ? t(`part.${name}`) : label}
            </p>
          )}
          {rows.map(({ text, sung, number }) => {
            const { span, sung: isSung } = lines[number] ?? { span: null, sung }; // what was sung rather than what was planned
            return (
              <p
                key={number}
                aria-current={number === now ? "true" : undefined}
                className={`transition-colors aria-current:text-accent ${isSung ? "" : "text-muted line-through"}`}
              >
                {span ? (
                  <button
                    type="button"
                    className="text-left hover:text-accent pointer-coarse:py-1.5"
                    onClick={() => take && play(song, take, span[0])}
                  >
                    {text}
                  </button>
                ) : (
                  text
                )}
              </p>
            );
          })}
        </div>
      ))}
    </div>
  );
}

/** The parts, with their lines numbered from 0 across the song. */
function numbered(sections: readonly Section[]) {
  let next = 0;
  return sections.map((section) => ({ ...section, rows: section.lines.map((line) => ({ ...line, number: next++ })) }));
}
