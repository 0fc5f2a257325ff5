import type { Song } from "../api/client";
import { useText } from "../i18n";
import { isKnown, parseSections } from "../lyrics/sections";

/** The lyrics, part by part, to read along. */
export function SongLyrics({ song }: { song: Song }) {
  const { t } = useText();
  if (!song.request.lyrics)
    return <p className="text-muted">{t(song.request.instrumental ? "song.instrumental" : "song.noLyrics")}</p>;
  return (
    <div className="space-y-5 text-lg leading-relaxed" lang="">
      {parseSections(song.request.lyrics).map((section) => (
        <div key={section.start}>
          {section.name && (
            <p className={`part hue-${isKnown(section.name) ? section.name : "unknown"} mb-0.5 text-sm font-semibold`}>
              {isKnown(section.name) ? t(`part.${section.name}`) : section.name}
            </p>
          )}
          {section.lines.map((line, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines repeat, and never move
            <p key={i}>{line}</p>
          ))}
        </div>
      ))}
    </div>
  );
}
