import { useText } from "../i18n";
import { Segmented } from "../ui/Segmented";
import { CreateBar } from "./CreateBar";
import { type DraftFields, useDraft } from "./draft";
import { LengthField } from "./LengthField";
import { LyricsEditor } from "./LyricsEditor";
import { MoreFields } from "./MoreFields";
import { StyleFields } from "./StyleFields";
import { withInstrumental } from "./tags";

/** Where a song is described: by a sentence, or by everything that can be said of it. */
export function CreatePane() {
  const draft = useDraft();
  const { t } = useText();
  const sing = (instrumental: boolean) => draft.set({ instrumental, tags: withInstrumental(draft.tags, instrumental) });
  return (
    <form
      aria-label={t("create.name")}
      className="flex min-h-0 flex-1 flex-col"
      onSubmit={(event) => event.preventDefault()}
    >
      <div className="min-h-0 flex-1 space-y-7 overflow-y-auto px-5 pt-5 pb-8 sm:px-7">
        <Segmented<DraftFields["mode"]>
          label={t("create.mode")}
          value={draft.mode}
          onChange={(mode) => draft.set({ mode })}
          options={[
            { value: "simple", label: t("create.simple") },
            { value: "custom", label: t("create.custom") },
          ]}
        />
        <StyleFields />
        <section className="space-y-3">
          <div className="flex items-center justify-between gap-4">
            <h2 className="text-sm font-medium">{t("create.words")}</h2>
            <Segmented
              label={t("create.words")}
              value={draft.instrumental ? "instrumental" : "lyrics"}
              onChange={(value) => sing(value === "instrumental")}
              options={[
                { value: "lyrics", label: t("create.lyrics") },
                { value: "instrumental", label: t("create.instrumental") },
              ]}
            />
          </div>
          {!draft.instrumental && <LyricsEditor />}
        </section>
        <LengthField />
        {draft.mode === "custom" && <MoreFields />}
      </div>
      <CreateBar />
    </form>
  );
}
