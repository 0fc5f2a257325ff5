import type { Outline } from "../api/client";
import { LIMITS } from "../api/limits";
import { translate, useText } from "../i18n";
import { tagLabel } from "../i18n/tags";
import { Labelled } from "../ui/Labelled";
import { NumberField } from "../ui/NumberField";
import { Segmented } from "../ui/Segmented";
import { type DraftFields, useDraft } from "./draft";
import { isOnStyle, Remarks } from "./Remarks";
import { TagBuilder } from "./TagBuilder";
import { BPM_LIMITS, bpmOf, KEYS, tagOf, VOICES, withTag } from "./tags";

/** The style: a prompt, or in custom mode tags with tempo, key and voice. */
export function StyleFields({ outline }: { outline: Outline | undefined }) {
  const { mode, by, set } = useDraft();
  const { t } = useText();
  const remarks = outline?.remarks.filter(isOnStyle) ?? [];
  return (
    <section className="space-y-4">
      {mode === "custom" && (
        <div className="flex items-center justify-between gap-4">
          <h2 className="text-sm font-medium">{t("create.style")}</h2>
          <Segmented<DraftFields["by"]>
            label={t("create.by")}
            value={by}
            onChange={(value) => set({ by: value })}
            options={[
              { value: "tags", label: t("create.byTags") },
              { value: "prompt", label: t("create.byPrompt") },
            ]}
          />
        </div>
      )}
      {mode === "simple" || by === "prompt" ? (
        <PromptField />
      ) : (
        <>
          <TagBuilder />
          <MusicFields />
        </>
      )}
      <Remarks remarks={remarks} />
    </section>
  );
}

const IDEAS = ["create.idea1", "create.idea2", "create.idea3"] as const;

function PromptField() {
  const { prompt, set } = useDraft();
  const { t } = useText();
  return (
    <div>
      <Labelled label={t("create.prompt")}>
        {(ids) => (
          <textarea
            {...ids}
            className="field min-h-18 resize-none field-sizing-content max-h-48"
            maxLength={LIMITS.prompt}
            placeholder={t("create.promptExample")}
            value={prompt}
            onChange={(event) => set({ prompt: event.currentTarget.value })}
          />
        )}
      </Labelled>
      {!prompt && (
        <ul className="mt-2.5 flex flex-wrap gap-2" aria-label={t("create.ideas")}>
          {IDEAS.map((idea) => (
            <li key={idea}>
              <button
                type="button"
                className="rounded-full border border-line px-3 py-1 text-left text-sm text-muted transition-colors hover:border-edge hover:text-ink pointer-coarse:py-2.5"
                onClick={() => set({ prompt: translate("en", idea) })} // the language that models read
              >
                {t(idea)}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Tempo, key and voice, which are tags with their own controls. */
function MusicFields() {
  const { tags, instrumental, set } = useDraft();
  const { t, language } = useText();
  return (
    <div className="grid grid-cols-3 gap-3">
      <Labelled label={t("create.bpm")}>
        {(ids) => (
          <NumberField
            {...ids}
            limits={BPM_LIMITS}
            placeholder={t("create.any")}
            value={bpmOf(tags)}
            onChange={(bpm) => set({ tags: withTag(tags, "bpm", bpm === null ? "" : `${bpm} bpm`) })}
          />
        )}
      </Labelled>
      <Labelled label={t("create.key")}>
        {(ids) => (
          <select
            {...ids}
            className="field"
            value={tagOf(tags, "key")}
            onChange={(event) => set({ tags: withTag(tags, "key", event.currentTarget.value) })}
          >
            <option value="">{t("create.any")}</option>
            {KEYS.map((key) => (
              <option key={key} value={key}>
                {tagLabel(key, language)}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <Labelled label={t("create.voice")}>
        {(ids) => (
          <select
            {...ids}
            className="field disabled:opacity-50"
            disabled={instrumental}
            value={tagOf(tags, "voice")}
            onChange={(event) => set({ tags: withTag(tags, "voice", event.currentTarget.value) })}
          >
            <option value="">{t(instrumental ? "create.nobody" : "create.any")}</option>
            <option value={VOICES[0]}>{t("create.female")}</option>
            <option value={VOICES[1]}>{t("create.male")}</option>
          </select>
        )}
      </Labelled>
    </div>
  );
}
