import { AudioLines, Clock3, Cpu, Scale, Sparkles } from "lucide-react";
import type { ReactNode } from "react";
import { useModels, useStatus } from "../api/catalogue";
import { useCreateSong } from "../api/songs";
import { go, songHref } from "../app/route";
import { useProblemToast } from "../app/toasts";
import { useText } from "../i18n";
import { Button } from "../ui/Button";
import { Cover } from "../ui/Cover";
import { bytes, clock } from "../ui/format";
import { EXAMPLE } from "./example";
import { publishingText, shortName } from "./song";

/** The empty library: the model, what it can do, and an example song in one click. */
export function Welcome() {
  const { standard: model } = useModels();
  const { data: status } = useStatus();
  const create = useCreateSong();
  const showProblem = useProblemToast();
  const { t, locale } = useText();
  const device = status?.workers[0]?.device;
  const example = () => create.mutate(EXAMPLE, { onSuccess: (song) => go(songHref(song.id)), onError: showProblem });
  return (
    <section aria-label={t("welcome.name")} className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex min-h-full max-w-2xl flex-col justify-center gap-10 px-6 py-12 sm:px-10">
        <div>
          <div className="mb-8 flex -space-x-4" aria-hidden="true">
            {["khala-c", "khala-b", "khala-h"].map((id) => (
              <Cover key={id} id={id} className="size-18 rounded-2xl ring-4 ring-paper sm:size-22" />
            ))}
          </div>
          <h1 className="text-4xl leading-tight font-semibold tracking-tight text-balance sm:text-5xl">
            <span className="block">{t("welcome.title")}</span>
            <span className="block">{t("welcome.title2")}</span>
          </h1>
          <p className="mt-4 max-w-prose text-lg text-pretty text-muted">{t("welcome.text")}</p>
          <div className="mt-7 flex flex-wrap gap-3">
            <Button look="primary" size="lg" disabled={create.isPending} onClick={example}>
              <Sparkles className="size-4.5" aria-hidden="true" />
              {t("welcome.example")}
            </Button>
            <Button size="lg" className="lg:hidden" onClick={() => go("#/")}>
              {t("welcome.own")}
            </Button>
          </div>
        </div>
        {model && (
          <dl className="grid gap-x-8 gap-y-5 border-t border-line pt-7 sm:grid-cols-2">
            <Fact icon={<AudioLines />} name={t("welcome.model")}>
              {shortName(model.name)} · {bytes(model.size, locale)}
            </Fact>
            <Fact icon={<Clock3 />} name={t("welcome.longest")}>
              {clock(model.max_seconds)}
            </Fact>
            <Fact icon={<Cpu />} name={t("welcome.device")}>
              {device ? device.toUpperCase() : t("welcome.noDevice")}
            </Fact>
            <Fact icon={<Scale />} name={t("welcome.license")}>
              {model.license}
              <span className="block text-sm font-normal text-muted">{t(publishingText(model))}</span>
            </Fact>
          </dl>
        )}
        {model && (
          <p className="-mt-4 text-sm text-pretty text-muted">{aboutModel(model.card) || t("welcome.about")}</p>
        )}
      </div>
    </section>
  );
}

function Fact({ icon, name, children }: { icon: ReactNode; name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="flex items-center gap-2.5 text-sm text-muted [&>svg]:size-5 [&>svg]:text-accent">
        {icon}
        {name}
      </dt>
      <dd className="pl-7.5 font-medium">{children}</dd>
    </div>
  );
}

/** The first paragraph of a model card, as plain text. */
export function aboutModel(card: string): string {
  const body = card.replace(/^---\n[\s\S]*?\n---\n/, "");
  const paragraph = body.split(/\n{2,}/).find((part) => part.trim() && !/^\s*(#|\||```|[-*] )/.test(part)) ?? "";
  return paragraph
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*_`]/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
