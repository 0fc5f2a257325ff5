import { ChevronDown, Dices } from "lucide-react";
import { useModels } from "../api/catalogue";
import type { Outline } from "../api/client";
import { LIMITS } from "../api/limits";
import { useText } from "../i18n";
import { publishingText } from "../library/song";
import { IconButton } from "../ui/Button";
import { Labelled } from "../ui/Labelled";
import { NumberField } from "../ui/NumberField";
import { Range } from "../ui/Range";
import { useDraft } from "./draft";
import { LoraField } from "./LoraField";
import { isOnChords, Remarks } from "./Remarks";
import { SamplingFields } from "./SamplingFields";

interface Props {
  outline: Outline | undefined;
  areChordsWrong: boolean;
}

/** Settings that most songs leave alone: title, chords, seed, model, adapters, candidates and sampling. */
export function MoreFields({ outline, areChordsWrong }: Props) {
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
              maxLength={LIMITS.title}
              placeholder={t("create.titleHint")}
              value={draft.title}
              onChange={(event) => draft.set({ title: event.currentTarget.value })}
            />
          )}
        </Labelled>
        <div>
          <Labelled label={t("create.chords")} hint={t("create.chordsHint")}>
            {(ids) => (
              <input
                {...ids}
                className="field"
                maxLength={LIMITS.chords}
                placeholder="C G Am F"
                aria-invalid={areChordsWrong}
                autoCapitalize="off"
                spellCheck={false}
                value={draft.chords}
                onChange={(event) => draft.set({ chords: event.currentTarget.value })}
              />
            )}
          </Labelled>
          {areChordsWrong ? (
            <p role="alert" className="mt-2 text-sm text-warn">
              {t("create.chordsWrong")}
            </p>
          ) : (
            draft.chords && <Remarks remarks={outline?.remarks.filter(isOnChords) ?? []} />
          )}
        </div>
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
            hint={
              model &&
              [t("create.modelHint", { n: Math.round(model.max_seconds / 60) }), t(publishingText(model))].join(" ")
            }
          >
            {(ids) => (
              <select
                {...ids}
                className="field"
                value={model?.name ?? ""}
                onChange={(event) => draft.set({ model: event.currentTarget.value, loras: [] })}
              >
                {models.map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            )}
          </Labelled>
        </div>
        {model && <LoraField model={model.name} />}
        <Labelled label={t("create.bestOf")} hint={t("create.bestOfHint")} aside={draft.bestOf.toLocaleString()}>
          {(ids) => (
            <Range
              {...ids}
              min={LIMITS.best_of[0]}
              max={LIMITS.best_of[1]}
              step={1}
              value={draft.bestOf}
              onChange={(bestOf) => draft.set({ bestOf })}
            />
          )}
        </Labelled>
        {model && <SamplingFields standard={model.sampling} />}
      </div>
    </details>
  );
}
