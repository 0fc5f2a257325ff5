import { useState } from "react";
import { useMetadata } from "../api/catalogue";
import { useText } from "../i18n";
import { usePlayer } from "../player/store";
import { clock } from "../ui/format";
import { Segmented } from "../ui/Segmented";
import { type FormProps, Frame } from "./Frame";
import { endsOf, landmarksOf, snap } from "./landmarks";
import { PointField } from "./PointField";

type Way = "whole" | "point" | "refine";

/** Another rendition of a take: all of it, all behind a point, or the fine detail of its sound alone. */
export function VaryForm(props: FormProps) {
  const { song, take } = props;
  const { data: record } = useMetadata(take.id);
  const [way, setWay] = useState<Way>("whole");
  const [chosenPoint, setPoint] = useState<number | null>(null);
  const [heard] = useState(() => usePlayer.getState());
  const { t } = useText();
  const duration = take.duration ?? 0;
  const marks = landmarksOf(record, duration);
  const ends = endsOf(marks).filter((end) => end < duration);
  const position = heard.take?.id === take.id && heard.time > 0 ? heard.time : duration / 2;
  const point = chosenPoint ?? snap(position, ends.length ? ends : marks.bars);
  const body = { from: way === "point" ? point : null, refine: way === "refine" };
  return (
    <Frame
      {...props}
      verb="vary"
      rework={{ verb: "vary", body }}
      outlook={t(`rework.${way}Outlook`, { time: clock(point) })}
    >
      <Segmented<Way>
        label={t("rework.way")}
        value={way}
        onChange={setWay}
        options={[
          { value: "whole", label: t("rework.whole") },
          { value: "point", label: t("rework.fromPoint") },
          { value: "refine", label: t("rework.refine") },
        ]}
      />
      {way === "point" && (
        <PointField
          song={song}
          take={take}
          marks={marks}
          ends={ends}
          point={point}
          onChange={setPoint}
          label={t("rework.keptUntil")}
        />
      )}
    </Frame>
  );
}
