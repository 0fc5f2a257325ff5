import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Song, Take } from "../api/client";
import { LIMITS } from "../api/limits";
import { type Rework, useRework } from "../api/rework";
import { go, songHref } from "../app/route";
import { useProblemToast } from "../app/toasts";
import { useText } from "../i18n";
import { titleOf } from "../library/song";
import { Button, IconButton } from "../ui/Button";
import { Labelled } from "../ui/Labelled";
import { NumberField } from "../ui/NumberField";
import { forgetText } from "./keptText";

/** What the forms of this folder are given. */
export interface FormProps {
  song: Song;
  take: Take;
  onClose: () => void;
}

interface Props extends FormProps {
  verb: Rework["verb"];
  /** What is asked for, apart from seed and number of takes; null as long as something is missing. */
  rework: Rework | null;
  /** What will happen, or what is missing. */
  outlook: string;
  children: ReactNode;
  /** A field more beside seed and takes. */
  field?: ReactNode;
}

/** A dialog around the fields of one kind of rework: what all kinds have, and the button that sends it. */
export function Frame({ song, take, onClose, verb, rework, outlook, children, field }: Props) {
  const send = useRework(take.id);
  const showProblem = useProblemToast();
  const { t, language } = useText();
  const [takes, setTakes] = useState<number | null>(null);
  const [seed, setSeed] = useState<number | null>(null);
  const submit = () => {
    if (!rework) return;
    const body = { ...rework.body, takes: takes ?? 1, seed };
    send.mutate({ ...rework, body } as Rework, {
      onSuccess: (made) => {
        forgetText(take.id, verb);
        onClose();
        go(songHref(made.id));
      },
      onError: showProblem,
    });
  };
  return (
    <form
      className="flex min-h-0 flex-1 flex-col"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <header className="flex items-start gap-3 px-5 pt-5 pb-3 sm:px-7">
        <div className="min-w-0 flex-1">
          <Dialog.Title className="text-lg font-semibold">{t(`rework.${verb}`)}</Dialog.Title>
          <Dialog.Description className="truncate text-sm text-muted">
            {[titleOf(song, language), t("take.name", { n: take.number })].join(" · ")}
          </Dialog.Description>
        </div>
        <Dialog.Close render={<IconButton label={t("app.close")} />}>
          <X />
        </Dialog.Close>
      </header>
      <div className="min-h-0 flex-1 space-y-5 overflow-y-auto px-5 pt-1 pb-5 sm:px-7">
        {children}
        <div className="grid grid-cols-2 gap-3 sm:grid-cols-3">
          {field}
          <Labelled label={t("create.takes")}>
            {(ids) => <NumberField {...ids} limits={LIMITS.takes} placeholder="1" value={takes} onChange={setTakes} />}
          </Labelled>
          <Labelled label={t("create.seed")}>
            {(ids) => (
              <NumberField
                {...ids}
                limits={LIMITS.seed}
                placeholder={t("create.random")}
                value={seed}
                onChange={setSeed}
              />
            )}
          </Labelled>
        </div>
      </div>
      <footer className="flex flex-wrap items-center justify-end gap-x-4 gap-y-2 border-t border-line px-5 py-3.5 pb-[max(0.875rem,env(safe-area-inset-bottom))] sm:px-7">
        <p className="min-w-0 flex-1 basis-52 text-sm text-muted" aria-live="polite">
          {outlook}
        </p>
        <Button type="submit" look="primary" className="max-sm:flex-1" disabled={!rework || send.isPending}>
          {t(send.isPending ? "create.sending" : `rework.${verb}Go`)}
        </Button>
      </footer>
    </form>
  );
}
