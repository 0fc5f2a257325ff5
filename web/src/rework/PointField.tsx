import type { Song, Take } from "../api/client";
import { useText } from "../i18n";
import { clock } from "../ui/format";
import { Labelled } from "../ui/Labelled";
import { Listen } from "./Listen";
import { isSame, type Landmarks, pointBeforeOutro } from "./landmarks";
import { WaveField } from "./WaveField";

interface Props {
  song: Song;
  take: Take;
  marks: Landmarks;
  /** Where lines end, and the song. */
  ends: readonly number[];
  point: number;
  label: string;
  onChange: (point: number) => void;
}

const SECONDS_BEFORE = 5;

/** A point of a take: one of the ends of its lines, chosen from a list or on the waveform, or a bar line, with keys. */
export function PointField({ song, take, marks, ends, point, label, onChange }: Props) {
  const { t } = useText();
  const at = ends.findIndex((end) => isSame({ start: end, end }, { start: point, end: point }));
  const named = (end: number) => {
    const line = marks.lines.find((line) => line.end === end);
    if (line) return t("rework.afterLine", { time: clock(end), line: line.text });
    if (end === marks.duration) return t("rework.atEnd", { time: clock(end) });
    return t(end === pointBeforeOutro(marks) ? "rework.beforeOutro" : "rework.afterPart", { time: clock(end) });
  };
  return (
    <div className="space-y-2">
      <WaveField
        take={take}
        marks={marks}
        span={{ start: point, end: marks.duration }}
        kind="point"
        points={ends.length ? ends : marks.bars}
        onChange={({ start }) => onChange(start)}
      >
        <Listen song={song} take={take} span={{ start: Math.max(0, point - SECONDS_BEFORE), end: point }} />
      </WaveField>
      <Labelled label={label}>
        {(ids) => (
          <select
            {...ids}
            className="field truncate"
            value={at}
            onChange={(event) => onChange(ends[Number(event.currentTarget.value)]!)}
          >
            {at < 0 && <option value={-1}>{t("rework.atBar", { time: clock(point) })}</option>}
            {ends.map((end, i) => (
              <option key={end} value={i}>
                {named(end)}
              </option>
            ))}
          </select>
        )}
      </Labelled>
    </div>
  );
}
