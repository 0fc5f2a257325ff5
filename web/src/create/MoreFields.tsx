import { ChevronDown, Dices } from "lucide-react";
import { useModels } from "../api/catalogue";
import { useText } from "../i18n";
import { IconButton } from "../ui/Button";
import { Labelled } from "../ui/Labelled";
import { NumberField } from "../ui/NumberField";
import { Range } from "../ui/Range";
import { type DraftFields, LIMITS, useDraft } from "./draft";

/** What most songs do without: title, seed, model and how freely it is played. */
export function MoreFields() {
  const draft = useDraft();
  const { models, standard } = useModels();
  const { t } = useText();
  const model = models.find(({ name }) => name === draft.model) ?? standard;
  return (
    <details className="group rounded-2xl border border-line bg-surface">
      <summary className="flex list-none items-center justify-between rounded-2xl px-4 py-3 text-sm font-medium">
        {t("create.more")}
        <ChevronDown className="size-4 text-muted transition-transform group-open:rotate-180" aria-hidden="true" />
      </summary>
      <div className="space-y-5 px-4 pt-1 pb-5">
        <Labelled label={t("create.title")}>
          {(ids) => (
            <input
              {...ids}
              className="field"
              maxLength={200}
              placeholder={t("create.titleHint")}
              value={draft.title}
              onChange={(event) => draft.set({ title: event.currentTarget.value })}
            />
          )}
        </Labelled>
        <div className="grid grid-cols-2 gap-3">
          <Labelled label={t("create.seed")} hint={t("create.seedHint")}>
            {(ids) => (
              <span className="relative block">
                <NumberField
                  {...ids}
                  className="pr-11"
                  limits={LIMITS.seed}
                  placeholder={t("create.random")}
                  value={draft.seed}
                  onChange={(seed) => draft.set({ seed })}
                />
                <IconButton
                  label={t("create.dice")}
                  size="sm"
                  className="absolute top-1.5 right-1.5 pointer-coarse:top-0.5 pointer-coarse:right-0.5"
                  onClick={() => draft.set({ seed: Math.floor(Math.random() * 2 ** 32) })}
                >
                  <Dices />
                </IconButton>
              </span>
            )}
          </Labelled>
          <Labelled
            label={t("create.model")}
            hint={model && t("create.modelHint", { n: Math.round(model.max_seconds / 60) })}
          >
            {(ids) => (
              <select
                {...ids}
                className="field"
                value={model?.name ?? ""}
                onChange={(event) => draft.set({ model: event.currentTarget.value })}
              >
                {models.map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            )}
          </Labelled>
        </div>
        <Labelled label={t("create.bestOf")} hint={t("create.bestOfHint")} aside={draft.bestOf.toLocaleString()}>
          {(ids) => (
            <Range
              {...ids}
              min={LIMITS.bestOf[0]}
              max={LIMITS.bestOf[1]}
              step={1}
              value={draft.bestOf}
              onChange={(bestOf) => draft.set({ bestOf })}
            />
          )}
        </Labelled>
        {model && (
          <>
            <Freedom name="guidance" standard={model.sampling.guidance ?? 1} max={5} step={0.1} min={1} />
            <Freedom name="temperature" standard={model.sampling.temperature} max={2} step={0.05} min={0.1} />
            <Freedom name="topK" standard={model.sampling.top_k} max={200} step={1} min={1} />
            <Freedom
              name="superresTemperature"
              standard={model.sampling.superres_temperature}
              max={2}
              step={0.05}
              min={0.1}
            />
            <Freedom name="superresTopK" standard={model.sampling.superres_top_k} max={100} step={1} min={0} />
          </>
        )}
      </div>
    </details>
  );
}

interface FreedomProps {
  name: "guidance" | "temperature" | "topK" | "superresTemperature" | "superresTopK";
  standard: number;
  min: number;
  max: number;
  step: number;
}

/** One figure of sampling; at the model's own value it is left to the model. */
function Freedom({ name, standard, min, max, step }: FreedomProps) {
  const { [name]: chosen, set } = useDraft();
  const { t } = useText();
  const value = chosen ?? standard;
  const put = (next: number) => set({ [name]: next === standard ? null : next } as Partial<DraftFields>);
  const said = name === "superresTopK" && value === 0 ? t("create.mean") : value.toLocaleString();
  return (
    <Labelled label={t(`create.${name}`)} hint={t(`create.${name}Hint`)} aside={said}>
      {(ids) => (
        <Range
          {...ids}
          min={min}
          max={Math.max(max, value)}
          step={step}
          value={value}
          aria-valuetext={said}
          onChange={put}
        />
      )}
    </Labelled>
  );
}
