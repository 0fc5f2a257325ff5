import { Minus, Plus, Sparkles } from "lucide-react";
import { useStatus } from "../api/catalogue";
import { useCreateSong, useOutlook } from "../api/songs";
import { go, songHref } from "../app/route";
import { useProblem } from "../app/toasts";
import { useText } from "../i18n";
import { Button, IconButton } from "../ui/Button";
import { roughly } from "../ui/format";
import { isReady, LIMITS, lengthOf, requestOf, useDraft } from "./draft";
import { useLongest } from "./longest";

/** How many takes, how long it will be, and the button. */
export function CreateBar() {
  const draft = useDraft();
  const longest = useLongest();
  const create = useCreateSong();
  const problem = useProblem();
  const { t } = useText();
  const ready = isReady(draft);
  const submit = () =>
    create.mutate(requestOf(draft, longest), { onSuccess: (song) => go(songHref(song.id)), onError: problem });
  return (
    <div className="border-t border-line bg-surface px-5 py-4 sm:px-7">
      <div className="flex flex-wrap items-center gap-3">
        <Takes />
        <Button
          look="primary"
          size="lg"
          className="min-w-40 flex-1"
          disabled={!ready || create.isPending}
          onClick={submit}
        >
          <Sparkles className="size-4.5" aria-hidden="true" />
          {create.isPending ? t("create.sending") : t("create.go")}
        </Button>
      </div>
      <p className="mt-2.5 text-center text-sm text-muted">{ready ? <Wait /> : t("create.empty")}</p>
    </div>
  );
}

function Takes() {
  const { takes, set } = useDraft();
  const { t } = useText();
  const [low, high] = LIMITS.takes;
  return (
    <fieldset className="flex items-center rounded-full border border-line p-0.5">
      <legend className="sr-only">{t("create.takes")}</legend>
      <IconButton label={t("create.fewer")} disabled={takes <= low} onClick={() => set({ takes: takes - 1 })}>
        <Minus />
      </IconButton>
      <output className="min-w-16 text-center text-sm font-medium tabular-nums">
        {t("takes.count", { n: takes })}
      </output>
      <IconButton label={t("create.another")} disabled={takes >= high} onClick={() => set({ takes: takes + 1 })}>
        <Plus />
      </IconButton>
    </fieldset>
  );
}

/** How long this will take, after what waits already, if it goes as fast as the songs before. */
function Wait() {
  const draft = useDraft();
  const longest = useLongest();
  const { data: status } = useStatus();
  const { ahead, pace } = useOutlook();
  const { t } = useText();
  if (!status) return null;
  if (!status.workers.length) return t("create.noWorker");
  if (pace === null) return t("create.someTime");
  const { takes, best_of = 1 } = requestOf(draft, longest);
  const work = (pace * lengthOf(draft, longest) * takes! * best_of!) / status.workers.length;
  return t("create.wait", { time: roughly(ahead + work, t) });
}
