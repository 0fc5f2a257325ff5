import { Eraser } from "lucide-react";
import { Refusal } from "../api/client";
import { problemText } from "../api/problems";
import { useUndoToast } from "../app/toasts";
import { useText } from "../i18n";
import { Presets } from "../presets/Presets";
import { IconButton } from "../ui/Button";
import { Segmented } from "../ui/Segmented";
import { CreateBar } from "./CreateBar";
import { type DraftFields, EMPTY, useDraft } from "./draft";
import { LengthField } from "./LengthField";
import { LyricsEditor } from "./LyricsEditor";
import { LyricsFacts } from "./LyricsFacts";
import { MoreFields } from "./MoreFields";
import { isOnChords, isOnStyle, Remarks } from "./Remarks";
import { StyleFields } from "./StyleFields";
import { withInstrumental } from "./tags";
import { useOutline } from "./useOutline";

/** The form for a new song: simple, or with every setting. */
export function CreatePane() {
  const draft = useDraft();
  const { t } = useText();
  const { outline, error } = useOutline();
  const remarks = outline?.remarks.filter((remark) => !isOnStyle(remark) && !isOnChords(remark)) ?? [];
  const isWrong = error instanceof Refusal && error.kind === "invalid";
  const areChordsWrong =
    isWrong && draft.mode === "custom" && Boolean(draft.chords) && /\bchords?\b/.test(error.message);
  const sing = (instrumental: boolean) => draft.set({ instrumental, tags: withInstrumental(draft.tags, instrumental) });
  return (
    <form
      aria-label={t("create.name")}
      className="flex min-h-0 flex-1 flex-col low:block low:overflow-y-auto"
      onSubmit={(event) => event.preventDefault()}
    >
      <h1 className="sr-only">{t("create.name")}</h1>
      <div className="min-h-0 flex-1 space-y-6 overflow-y-auto px-5 pt-5 pb-8 sm:px-7">
        <div className="flex items-center gap-2">
          <Segmented<DraftFields["mode"]>
            label={t("create.mode")}
            className="flex-1"
            value={draft.mode}
            onChange={(mode) => draft.set({ mode })}
            options={[
              { value: "simple", label: t("create.simple") },
              { value: "custom", label: t("create.custom") },
            ]}
          />
          <Presets />
          <ClearButton />
        </div>
        <StyleFields outline={outline} />
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
          {draft.instrumental ? (
            <p className="text-sm text-muted">{t("song.instrumental")}</p>
          ) : (
            <div>
              <LyricsEditor outline={outline} />
              <LyricsFacts outline={outline} />
            </div>
          )}
          <Remarks remarks={remarks} />
          {isWrong && !areChordsWrong && (
            <p role="alert" className="text-sm wrap-anywhere text-warn">
              {problemText(error, t).title} {error.message}
            </p>
          )}
        </section>
        <LengthField outline={outline} />
        {draft.mode === "custom" && <MoreFields outline={outline} areChordsWrong={areChordsWrong} />}
      </div>
      <CreateBar outline={outline} />
    </form>
  );
}

/** Clears the draft, and offers to undo that. */
function ClearButton() {
  const draft = useDraft();
  const offerUndo = useUndoToast();
  const { t } = useText();
  const { set, mode, ...fields } = draft;
  const isEmpty = Object.entries(fields).every(([name, value]) => isEqual(value, EMPTY[name as keyof DraftFields]));
  const clear = () => {
    set({ ...EMPTY, mode });
    offerUndo(t("create.cleared"), () => set(fields));
  };
  return (
    <IconButton label={t("create.afresh")} disabled={isEmpty} className="-mr-2" onClick={clear}>
      <Eraser />
    </IconButton>
  );
}

const isEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
