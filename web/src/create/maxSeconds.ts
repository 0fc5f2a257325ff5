import { useModels } from "../api/catalogue";
import { LIMITS } from "../api/limits";
import { useDraft } from "./draft";

/** Length of the longest song that the chosen model can make, in seconds. */
export function useMaxSeconds(): number {
  const name = useDraft((draft) => (draft.mode === "custom" ? draft.model : ""));
  const { models, standard } = useModels();
  const model = models.find((other) => other.name === name) ?? standard;
  return Math.min(model?.max_seconds ?? LIMITS.duration[1], LIMITS.duration[1]);
}
