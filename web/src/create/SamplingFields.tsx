import type { Model } from "../api/client";
import { LIMITS } from "../api/limits";
import { useText } from "../i18n";
import { Labelled } from "../ui/Labelled";
import { Range } from "../ui/Range";
import { type DraftFields, useDraft } from "./draft";

/** `end` is where a slider ends: one up to the limit of the service would be too coarse for the values in use. */
const FIELDS = [
  { name: "guidance", field: "guidance", end: LIMITS.guidance[1], step: 0.1 },
  { name: "temperature", field: "temperature", end: 2, step: 0.05 },
  { name: "topK", field: "top_k", end: 200, step: 1 },
  { name: "superresTemperature", field: "superres_temperature", end: 2, step: 0.05 },
  { name: "superresTopK", field: "superres_top_k", end: 100, step: 1 },
] as const;

/** How freely codes are drawn; `standard` holds the model's own values. */
export function SamplingFields({ standard }: { standard: Model["sampling"] }) {
  return FIELDS.map((one) => (
    <SamplingField key={one.name} {...one} standard={standard[one.field] ?? LIMITS[one.field][0]} />
  ));
}

type Props = (typeof FIELDS)[number] & { standard: number };

/** One slider; at the model's own value the request leaves it out. */
function SamplingField({ name, field, standard, end, step }: Props) {
  const { [name]: chosen, set } = useDraft();
  const { t } = useText();
  const value = chosen ?? standard;
  const put = (next: number) => set({ [name]: next === standard ? null : next } as Partial<DraftFields>);
  const text = name === "superresTopK" && value === 0 ? t("create.mean") : value.toLocaleString();
  return (
    <Labelled label={t(`create.${name}`)} hint={t(`create.${name}Hint`)} aside={text}>
      {(ids) => (
        <Range
          {...ids}
          min={LIMITS[field][0]}
          max={Math.max(end, standard, value)}
          step={step}
          value={value}
          aria-valuetext={text}
          onChange={put}
        />
      )}
    </Labelled>
  );
}
