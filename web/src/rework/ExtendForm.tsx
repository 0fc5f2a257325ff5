import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useMetadata, useModels } from "../api/catalogue";
import { LIMITS } from "../api/limits";
import { outlineOptions } from "../api/outline";
import { useText } from "../i18n";
import { clock } from "../ui/format";
import { Labelled } from "../ui/Labelled";
import { Range } from "../ui/Range";
import { type FormProps, Frame } from "./Frame";
import { useKeptText } from "./keptText";
import { endsOf, landmarksOf, pointBeforeOutro, snap } from "./landmarks";
import { NewLyrics } from "./NewLyrics";
import { PointField } from "./PointField";

const USUAL_SECONDS = 30;

/** Goes on with a song from a point, its end or that of a line, with new lyrics. */
export function ExtendForm(props: FormProps) {
  const { song, take } = props;
  const { data: record } = useMetadata(take.id);
  const { models } = useModels();
  const { t } = useText();
  const duration = take.duration ?? 0;
  const marks = landmarksOf(record, duration);
  const [chosenPoint, setPoint] = useState<number | null>(null);
  const [lyrics, setLyrics] = useKeptText(take.id, "extend", "");
  const [chosenSeconds, setSeconds] = useState<number | null>(null);
  const point = chosenPoint ?? pointBeforeOutro(marks);
  const bar = snap(point, marks.bars); // where the service begins
  const { request } = song;
  const words = useDeferredValue(lyrics.trim());
  const query = { prompt: request.prompt, tags: request.tags, lyrics: words, model: request.model, duration: null };
  const most = models.find(({ name }) => name === request.model)?.max_seconds ?? LIMITS.duration[1];
  const { data: outline } = useQuery({ ...outlineOptions(query, most), enabled: Boolean(words) });
  const room = most - bar;
  const wanted = (words && outline?.seconds) || USUAL_SECONDS;
  const added = Math.min(room, Math.max(LIMITS.duration[0], chosenSeconds ?? Math.ceil(wanted / 5) * 5));
  const hasRoom = room >= LIMITS.duration[0];
  const next = marks.lines.find(({ start }) => start >= point);
  const body = {
    from: point,
    lyrics: lyrics.trim() || null,
    duration: Math.min(most, Math.ceil(10 * (bar + added)) / 10),
  };
  return (
    <Frame
      {...props}
      verb="extend"
      rework={hasRoom ? { verb: "extend", body } : null}
      outlook={
        hasRoom
          ? t("rework.extendOutlook", { from: clock(bar), whole: clock(bar + added) })
          : t("rework.noRoom", { time: clock(most) })
      }
    >
      <PointField
        song={song}
        take={take}
        marks={marks}
        ends={endsOf(marks)}
        point={point}
        onChange={setPoint}
        label={t("rework.from")}
      />
      <NewLyrics old={request.lyrics} cutFrom={(words && next?.number) || null} lyrics={lyrics} onChange={setLyrics} />
      {hasRoom && (
        <Labelled label={t("rework.added")} aside={clock(added)}>
          {(ids) => (
            <Range
              {...ids}
              min={LIMITS.duration[0]}
              max={Math.floor(room)}
              step={1}
              value={added}
              aria-valuetext={clock(added)}
              onChange={setSeconds}
            />
          )}
        </Labelled>
      )}
    </Frame>
  );
}
