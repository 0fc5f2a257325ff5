import { useQueryClient } from "@tanstack/react-query";
import { Minus, Plus, Sparkles } from "lucide-react";
import { useStatus } from "../api/catalogue";
import type { Outline } from "../api/client";
import { LIMITS } from "../api/limits";
import { lengthOf, outlineOptions } from "../api/outline";
import { useCreateSong, useQueueEstimate } from "../api/songs";
import { go, songHref } from "../app/route";
import { useProblemToast } from "../app/toasts";
import { type Key, useText } from "../i18n";
import { Button, IconButton } from "../ui/Button";
import { clock, roughly } from "../ui/format";
import { isReady, outlineQueryOf, requestOf, useDraft } from "./draft";
import { useMaxSeconds } from "./maxSeconds";

/** The number of takes, the button, and what to expect. */
export function CreateBar({ outline }: { outline: Outline | undefined }) {
  const draft = useDraft();
  const maxSeconds = useMaxSeconds();
  const client = useQueryClient();
  const create = useCreateSong();
  const showProblem = useProblemToast();
  const { t } = useText();
  const ready = isReady(draft);
  /** The request for the draft as it is now; the outline that is shown may be out of date. */
  const request = async () => {
    const read = client.fetchQuery(outlineOptions(outlineQueryOf(draft), maxSeconds));
    const wanted = await read.then(({ seconds }) => seconds).catch(() => null); // the song will be refused, too
    return requestOf(draft, lengthOf(draft.seconds, wanted, maxSeconds));
  };
  const submit = () => create.mutate(request(), { onSuccess: (song) => go(songHref(song.id)), onError: showProblem });
  const seconds = lengthOf(draft.seconds, outline?.seconds ?? null, maxSeconds);
  return (
    <div className="border-t border-line bg-surface px-5 py-3.5 sm:px-7">
      <div className="flex flex-wrap items-center gap-3">
        <TakesStepper />
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
      <p className="mt-2.5 text-center text-sm text-balance text-muted">
        {ready ? (
          <>
            {t(voiceKey(draft.instrumental, outline), { time: clock(seconds) })} <WaitEstimate seconds={seconds} />
          </>
        ) : (
          t("create.empty")
        )}
      </p>
    </div>
  );
}

function TakesStepper() {
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

/** The text that says whether somebody will sing. */
function voiceKey(instrumental: boolean, outline: Outline | undefined): Key {
  if (instrumental || outline?.voice === "none") return "create.played";
  const sung = outline?.sections.some(({ lines }) => lines.some((line) => line.sung));
  return sung ? "create.sung" : "create.perhaps";
}

/** When the song will be ready, from the queue and the speed of recent songs. */
function WaitEstimate({ seconds }: { seconds: number }) {
  const draft = useDraft();
  const { data: status } = useStatus();
  const { ahead, rates } = useQueueEstimate();
  const { t } = useText();
  if (!status) return null;
  if (!status.workers.length) return t("create.noWorker");
  if (!rates) return t("create.someTime");
  const work = (seconds * draft.takes * (draft.mode === "custom" ? draft.bestOf : 1)) / status.workers.length;
  const [soon, late] = rates.map((rate) => roughly(ahead + rate * work, t));
  return soon === late ? t("create.wait", { time: late! }) : t("create.waitRange", { soon: soon!, late: late! });
}
