import { useModels } from "../api/catalogue";
import { LIMITS, useDraft } from "./draft";

const UNTIL_KNOWN = 180;

/** Seconds of the longest song that the chosen model makes. */
export function useLongest(): number {
  const name = useDraft((draft) => (draft.mode === "custom" ? draft.model : ""));
  const { models, standard } = useModels();
  const model = models.find((other) => other.name === name) ?? standard;
  return Math.min(model?.max_seconds ?? UNTIL_KNOWN, LIMITS.seconds[1]);
}
