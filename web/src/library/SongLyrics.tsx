import { useMemo } from "react";
import { useMetadata } from "../api/catalogue";
import type { Song } from "../api/client";
import { useText } from "../i18n";
import { lineAt, lineSpans } from "../lyrics/follow";
import { isKnown, parseSections } from "../lyrics/sections";
import { usePlayer } from "../player/store";

/** The lyrics, part by part, to read along: where the take that plays was led by an outline, the line at hand stands out. */
export function SongLyrics({ song }: { song: Song }) {
  const { t } = useText();
  const playing = usePlayer((player) => (player.song?.id === song.id ? player.take?.id : undefined));
  const { data } = useMetadata(playing ?? null);
  const spans = useMemo(() => lineSpans(playing && data), [playing, data]);
  const now = usePlayer((player) => (playing ? lineAt(spans, player.time) : -1));
  if (!song.request.lyrics)
    return <p className="text-muted">{t(song.request.instrumental ? "song.instrumental" : "song.noLyrics")}</p>;
  return (
    <div className="space-y-5 text-lg leading-relaxed" lang="">
      {numbered(song.request.lyrics).map((section) => (
        <div key={section.start}>
          {section.name && (
            <p className={`part hue-${isKnown(section.name) ? section.name : "unknown"} mb-0.5 text-sm font-semibold`}>
              {isKnown(section.name) ? t(`part.${section.name}`) : section.name}
            </p>
          )}
          {section.lines.map((line, i) => (
            <p
              // biome-ignore lint/suspicious/noArrayIndexKey: lines repeat, and never move
              key={i}
              aria-current={section.first + i === now ? "true" : undefined}
              className="transition-colors aria-current:text-accent"
            >
              {line}
            </p>
          ))}
        </div>
      ))}
    </div>
  );
}

/** The parts with the number of their first line among all lines. */
function numbered(lyrics: string) {
  let first = 0;
  return parseSections(lyrics).map((section) => {
    first += section.lines.length;
    return { ...section, first: first - section.lines.length };
  });
}
