import { useQueryClient } from "@tanstack/react-query";
import { Minus, Plus, Sparkles } from "lucide-react";
import { useStatus } from "../api/catalogue";
import type { Outline } from "../api/client";
import { lengthOf, outlineOptions } from "../api/outline";
import { useCreateSong, useOutlook } from "../api/songs";
import { go, songHref } from "../app/route";
import { useProblem } from "../app/toasts";
import { type Key, useText } from "../i18n";
import { Button, IconButton } from "../ui/Button";
import { clock, roughly } from "../ui/format";
import { isReady, LIMITS, requestOf, useDraft, wordsOf } from "./draft";
import { useLongest } from "./longest";

/** How many takes, how long it will be, and the button. */
export function CreateBar({ outline }: { outline: Outline | undefined }) {
  const draft = useDraft();
  const longest = useLongest();
  const client = useQueryClient();
  const create = useCreateSong();
  const problem = useProblem();
  const { t } = useText();
  const ready = isReady(draft);
  /** The request for the words as they are now: what the page shows of them may be of a moment ago. */
  const request = async () => {
    const read = client.fetchQuery(outlineOptions(wordsOf(draft), longest));
    const wanted = await read.then(({ seconds }) => seconds).catch(() => null); // a refusal is the song's as well
    return requestOf(draft, lengthOf(draft.seconds, wanted, longest));
  };
  const submit = () => create.mutate(request(), { onSuccess: (song) => go(songHref(song.id)), onError: problem });
  const seconds = lengthOf(draft.seconds, outline?.seconds ?? null, longest);
  return (
    <div className="border-t border-line bg-surface px-5 py-3.5 sm:px-7">
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
      <p className="mt-2.5 text-center text-sm text-balance text-muted">
        {ready ? (
          <>
            {t(soundOf(draft.instrumental, outline), { time: clock(seconds) })} <Wait seconds={seconds} />
          </>
        ) : (
          t("create.empty")
        )}
      </p>
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

/** Whether it will be sung, as far as anybody knows. */
function soundOf(instrumental: boolean, outline: Outline | undefined): Key {
  if (instrumental || outline?.voice === "none") return "create.played";
  const sung = outline?.sections.some(({ lines }) => lines.some((line) => line.sung));
  return sung ? "create.sung" : "create.perhaps";
}

/** How long this will take, after what waits already, if it goes as fast as the songs before. */
function Wait({ seconds }: { seconds: number }) {
  const draft = useDraft();
  const { data: status } = useStatus();
  const { ahead, paces } = useOutlook();
  const { t } = useText();
  if (!status) return null;
  if (!status.workers.length) return t("create.noWorker");
  if (!paces) return t("create.someTime");
  const work = (seconds * draft.takes * (draft.mode === "custom" ? draft.bestOf : 1)) / status.workers.length;
  const [soon, late] = paces.map((pace) => roughly(ahead + pace * work, t));
  return soon === late ? t("create.wait", { time: late! }) : t("create.waitRange", { soon: soon!, late: late! });
}
