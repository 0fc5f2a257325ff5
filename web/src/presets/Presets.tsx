import { Dialog } from "@base-ui/react/dialog";
import { Bookmark, Trash2, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Preset } from "../api/client";
import { LIMITS } from "../api/limits";
import { useDeletePreset, usePresets, useSavePreset } from "../api/presets";
import { useProblemToast, useUndoToast } from "../app/toasts";
import { useDraft } from "../create/draft";
import { useText } from "../i18n";
import { Button, IconButton } from "../ui/Button";
import { Labelled } from "../ui/Labelled";
import { draftOfPreset, presetOf, presetText } from "./preset";

/** A button that opens the presets: settings to use again, and the current ones to keep under a name. */
export function Presets() {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger
        render={
          <IconButton label={t("presets.name")}>
            <Bookmark />
          </IconButton>
        }
      />
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Popup className="fixed top-1/2 left-1/2 z-50 flex max-h-[min(36rem,calc(100dvh-2rem))] w-[min(28rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 flex-col rounded-3xl bg-surface p-6 shadow-float outline-none">
          <div className="mb-4 flex items-center justify-between">
            <Dialog.Title className="text-lg font-semibold">{t("presets.name")}</Dialog.Title>
            <Dialog.Close render={<IconButton label={t("app.close")} />}>
              <X />
            </Dialog.Close>
          </div>
          <SaveForm />
          <PresetList used={() => setOpen(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function SaveForm() {
  const [name, setName] = useState("");
  const presets = usePresets();
  const save = useSavePreset();
  const showProblem = useProblemToast();
  const { t } = useText();
  const replaces = presets.some((preset) => preset.name === name.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const settings = presetOf(useDraft.getState());
    save.mutate({ name, settings }, { onSuccess: () => setName(""), onError: showProblem });
  };
  return (
    <form onSubmit={submit}>
      <Labelled label={t("presets.save")} hint={t(replaces ? "presets.replaces" : "presets.hint")}>
        {(ids) => (
          <span className="flex gap-2">
            <input
              {...ids}
              className="field"
              maxLength={LIMITS.title}
              placeholder={t("presets.example")}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button type="submit" look="primary" className="!h-auto" disabled={!name.trim() || save.isPending}>
              {t("presets.keep")}
            </Button>
          </span>
        )}
      </Labelled>
    </form>
  );
}

function PresetList({ used }: { used: () => void }) {
  const presets = usePresets();
  const { t, language } = useText();
  const use = (preset: Preset) => {
    useDraft.getState().set(draftOfPreset(preset.settings));
    used();
  };
  if (!presets.length) return null;
  return (
    <ul aria-label={t("presets.name")} className="-mx-2 mt-5 min-h-0 overflow-y-auto">
      {presets.map((preset) => (
        <li key={preset.id} className="flex items-center rounded-xl hover:bg-sunk">
          <button type="button" className="min-w-0 flex-1 rounded-xl px-2 py-2 text-left" onClick={() => use(preset)}>
            <span className="block truncate font-medium">{preset.name}</span>
            <span className="block truncate text-sm text-muted">{presetText(preset, language)}</span>
          </button>
          <DeleteButton preset={preset} />
        </li>
      ))}
    </ul>
  );
}

/** Deletes a preset at once; to undo that is to save it again. */
function DeleteButton({ preset: { id, name, settings } }: { preset: Preset }) {
  const remove = useDeletePreset();
  const save = useSavePreset();
  const offerUndo = useUndoToast();
  const showProblem = useProblemToast();
  const { t } = useText();
  const deleted = () =>
    offerUndo(t("song.deleted", { title: name }), () => void save.mutateAsync({ name, settings }).catch(showProblem));
  return (
    <IconButton label={t("presets.delete", { name })} onClick={() => remove.mutateAsync(id).then(deleted, showProblem)}>
      <Trash2 />
    </IconButton>
  );
}
