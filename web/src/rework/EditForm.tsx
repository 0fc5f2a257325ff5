import { useMemo, useState } from "react";
import { useMetadata } from "../api/catalogue";
import { LIMITS } from "../api/limits";
import { useText } from "../i18n";
import { usePlayer } from "../player/store";
import { clock } from "../ui/format";
import { Labelled } from "../ui/Labelled";
import { NumberField } from "../ui/NumberField";
import { Segmented } from "../ui/Segmented";
import { ChangedLyrics } from "./ChangedLyrics";
import { changesOf, reachBeyond, regionOf } from "./changes";
import { type FormProps, Frame } from "./Frame";
import { useKeptText } from "./keptText";
import { Listen } from "./Listen";
import { edgesOf, inOrder, type Landmarks, landmarksOf, type Span, toBars } from "./landmarks";
import { idOf, Parts } from "./Parts";
import { RegionLines } from "./RegionLines";
import { WaveField } from "./WaveField";

/** What is written anew: the changed lines, a part, or a region. */
type Scope = "lines" | "part" | "region";

const USUAL_CANDIDATES = 4;

/** Writes a stretch of a take anew; all else stays what it is. The whole lyrics are in the field, and the changed lines found. */
export function EditForm(props: FormProps) {
  const { song, take } = props;
  const { data: record } = useMetadata(take.id);
  const { t } = useText();
  const marks = useMemo(() => landmarksOf(record, take.duration ?? 0), [record, take.duration]);
  const [looped] = useState(() => (usePlayer.getState().take?.id === take.id ? usePlayer.getState().loop : null));
  const [chosenScope, setScope] = useState<Scope | null>(looped && "region");
  const [drawn, setDrawn] = useState<Span | null>(looped);
  const [chosenPart, setPart] = useState<string | null>(null);
  const [lyrics, setLyrics] = useKeptText(take.id, "edit", song.request.lyrics);
  const [candidates, setCandidates] = useState<number | null>(null);

  const scopes: Scope[] = [
    ...(song.request.lyrics ? (["lines"] as const) : []),
    ...(marks.parts.length ? (["part"] as const) : []),
    "region",
  ];
  const scope = chosenScope ?? scopes[0]!;
  const changes = useMemo(() => changesOf(song.request.lyrics, lyrics), [song.request.lyrics, lyrics]);
  const isChanged = changes.added.size + changes.removed.size > 0;
  const part = marks.parts.find((part) => idOf(part) === chosenPart) ?? null;
  const region = drawn ?? firstRegion(marks);
  const span = scope === "lines" ? regionOf(changes, marks) : scope === "part" ? part : region;
  const where = {
    lines: {},
    part: part?.name ? { section: idOf(part) } : placeOf(part ?? region),
    region: placeOf(region),
  }[scope];
  const isBeyond = scope !== "lines" && span !== null && reachBeyond(changes, marks, span);
  const isReady = scope === "lines" ? isChanged : span !== null && !isBeyond;
  const body = { ...where, lyrics: isChanged ? lyrics : null, candidates: candidates ?? USUAL_CANDIDATES };
  const time = span && { start: clock(span.start), end: clock(span.end) };
  const outlook = isReady
    ? t(time ? "rework.editOutlook" : "rework.editSomewhere", time ?? {})
    : t(isBeyond ? "rework.editBeyond" : scope === "lines" ? "rework.changeLine" : "rework.choosePart");

  return (
    <Frame
      {...props}
      verb="edit"
      rework={isReady ? { verb: "edit", body } : null}
      outlook={outlook}
      field={
        <Labelled label={t("rework.candidates")} className="max-sm:col-span-2">
          {(ids) => (
            <NumberField
              {...ids}
              limits={LIMITS.candidates}
              placeholder={String(USUAL_CANDIDATES)}
              value={candidates}
              onChange={setCandidates}
            />
          )}
        </Labelled>
      }
    >
      {scopes.length > 1 && (
        <Segmented<Scope>
          label={t("rework.scope")}
          value={scope}
          onChange={setScope}
          options={scopes.map((value) => ({ value, label: t(`rework.${value}`) }))}
        />
      )}
      <WaveField
        take={take}
        marks={marks}
        span={span}
        kind={scope === "region" ? "region" : "none"}
        points={inOrder([...marks.bars, ...edgesOf(marks)])}
        onChange={setDrawn}
      >
        {span && <Listen song={song} take={take} span={span} />}
      </WaveField>
      {scope === "part" && <Parts marks={marks} chosen={part} onChoose={(part) => setPart(idOf(part))} />}
      {scope === "region" && (
        <RegionLines lines={marks.lines} region={region} onChange={(region) => setDrawn(toBars(region, marks))} />
      )}
      <ChangedLyrics lyrics={lyrics} changes={changes} onChange={setLyrics} />
    </Frame>
  );
}

const placeOf = ({ start, end }: Span) => ({ start, end });

/** The middle of the song, as long as a part or four bars, to be moved from there. */
function firstRegion({ bars, parts, duration }: Landmarks): Span {
  const middle = Math.floor((bars.length - 1) / 2);
  const part = parts.find(({ start, end }) => start <= duration / 2 && duration / 2 < end);
  return part ?? { start: bars[Math.max(0, middle - 2)] ?? 0, end: bars[middle + 2] ?? duration };
}
