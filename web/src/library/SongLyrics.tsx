import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { type KeyboardEvent, useMemo } from "react";
import { useMetadata, useWordsSoFar } from "../api/catalogue";
import { lyricsUrl, type Section, type Song } from "../api/client";
import { LYRIC_FORMATS } from "../api/limits";
import { outlineOptions } from "../api/outline";
import { useText } from "../i18n";
import { isKnown } from "../lyrics/sections";
import { type LineTiming, lineAt, lineTimings, stepWord, wordsBegun } from "../lyrics/timing";
import { play, position, usePlayer } from "../player/store";
import { useAudioTime } from "../player/useAudioTime";
import { Button } from "../ui/Button";
import { FormatMenu } from "./FormatMenu";
import { finished } from "./song";

/** The lyrics, part by part. With timing in the record of the take (the one that plays, or the first), the current line is
 * marked and its words light up, a click on a word plays from there, and lines that are not sung are struck out. Of a take
 * that is heard while it is made, words light up as far as it is made. */
export function SongLyrics({ song }: { song: Song }) {
  const { t } = useText();
  const playing = usePlayer((player) => (player.song === song.id ? player.take : null));
  const take = playing ?? finished(song)[0];
  const live = usePlayer((player) => player.live && player.song === song.id);
  const { data: record } = useMetadata((!live && take?.id) || null);
  const { data: words } = useWordsSoFar((live && take?.id) || null);
  const data = live ? words : record;
  const lines = useMemo(() => lineTimings(data), [data]);
  const now = useAudioTime((time) => (playing ? lineAt(lines, time) : -1));
  const { prompt, tags, lyrics, instrumental, model, duration } = song.request;
  const { data: outline, isError } = useQuery({
    ...outlineOptions({ prompt, tags, lyrics, instrumental, model, duration }, duration),
    enabled: Boolean(lyrics),
  });
  if (!lyrics) return <p className="text-muted">{t(instrumental ? "song.instrumental" : "song.noLyrics")}</p>;
  if (!outline) return isError && <p className="text-lg leading-relaxed wrap-anywhere whitespace-pre-wrap">{lyrics}</p>;
  const isTimed = Array.isArray((data as { lyrics?: unknown } | undefined)?.lyrics) && lines.some(({ span }) => span);
  return (
    <div className="space-y-5">
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
              const line = lines[number] ?? { span: null, sung, words: [] }; // what was sung rather than what was planned
              return (
                <p
                  key={number}
                  aria-current={number === now ? "true" : undefined}
                  className={`transition-colors ${line.words.length ? "" : "aria-current:text-accent"} ${line.sung ? "" : "text-muted line-through"}`}
                >
                  {line.span ? (
                    <Line
                      text={text}
                      line={line}
                      current={number === now}
                      playFrom={(time) => take && play(song, take, time)}
                    />
                  ) : (
                    text
                  )}
                </p>
              );
            })}
          </div>
        ))}
      </div>
      {take && isTimed && !live && (
        <FormatMenu
          trigger={
            <Button size="sm">
              <Download className="size-4" aria-hidden="true" />
              {t("timed.download")}
            </Button>
          }
          items={LYRIC_FORMATS.map((format) => ({
            format,
            hint: t(`timed.${format}`),
            href: lyricsUrl(take.id, format),
          }))}
        />
      )}
    </div>
  );
}

interface LineProps {
  text: string;
  line: LineTiming;
  current: boolean;
  playFrom: (time: number) => void;
}

/** A line that plays from its beginning, or from the word that is clicked; with Shift and an arrow key from the word before
 * or after the one that is sung. */
function Line({ text, line: { span, words }, current, playFrom }: LineProps) {
  const begun = useAudioTime((time) => (current ? wordsBegun(words, time) : 0));
  const step = (event: KeyboardEvent) => {
    if (!event.shiftKey || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.stopPropagation(); // the player would seek
    event.preventDefault();
    const start = stepWord(words, position(), event.key === "ArrowRight" ? 1 : -1);
    if (start !== null) playFrom(start);
  };
  return (
    <button
      type="button"
      className="text-left hover:text-accent pointer-coarse:py-1.5"
      onKeyDown={step}
      onClick={({ target }) => playFrom(Number((target as HTMLElement).dataset.start ?? span![0]))}
    >
      {words.length === 0
        ? text
        : words.map((word, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: words repeat, and never move
            <span key={i}>
              {i > 0 && " "}
              <span
                data-start={word.start ?? undefined}
                className={`hover:underline ${i < begun ? "text-accent" : ""} ${i === begun - 1 ? "underline underline-offset-4" : ""}`}
              >
                {word.text}
              </span>
            </span>
          ))}
    </button>
  );
}

/** The parts, with their lines numbered from 0 across the song. */
function numbered(sections: readonly Section[]) {
  let next = 0;
  return sections.map((section) => ({ ...section, rows: section.lines.map((line) => ({ ...line, number: next++ })) }));
}
