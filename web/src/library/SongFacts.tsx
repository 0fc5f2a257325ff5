import { Check, Copy } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { useMetadata, useModels } from "../api/catalogue";
import type { Remark } from "../api/client";
import { metadataUrl, type Song, type Take } from "../api/client";
import { Remarks } from "../create/Remarks";
import { useText } from "../i18n";
import { tagLabel } from "../i18n/tags";
import { usePlayer } from "../player/store";
import { Button } from "../ui/Button";
import { clock } from "../ui/format";
import { type Candidate, Candidates } from "./Candidates";
import { finished, publishingText } from "./song";

/** The fields of a take's record that are shown. */
interface TakeRecord {
  model?: { digest?: string; license?: string };
  device?: string;
  dtype?: string;
  command?: string;
  loudness?: number;
  truncated?: boolean;
  unsung_lines?: number | null;
  outline?: { bpm?: number } | null;
  candidates?: Candidate[];
  remarks?: Remark[];
}

/** How a song sounds and how it was made, from the record of the take that plays, or of the first. */
export function SongFacts({ song }: { song: Song }) {
  const { t, locale, language } = useText();
  const playing = usePlayer((player) => player.take?.id);
  const done = finished(song);
  const take = done.find(({ id }) => id === playing) ?? done[0];
  const { data } = useMetadata(take?.id ?? null);
  const record = (data ?? {}) as TakeRecord;
  const { request } = song;
  const model = useModels().models.find(({ name }) => name === request.model);
  const { sampling } = request;
  const number = (value: number) => value.toLocaleString(locale);
  return (
    <div className="space-y-7">
      <Facts>
        {request.prompt && <Fact name={t("create.byPrompt")}>{request.prompt}</Fact>}
        {request.tags.length > 0 && (
          <Fact name={t("create.byTags")}>{request.tags.map((tag) => tagLabel(tag, language)).join(", ")}</Fact>
        )}
        {request.chords && <Fact name={t("create.chords")}>{request.chords}</Fact>}
        {record.outline?.bpm && <Fact name={t("create.bpm")}>{number(Math.round(record.outline.bpm))}</Fact>}
        {take?.duration && <Fact name={t("create.length")}>{clock(take.duration)}</Fact>}
        {!!record.unsung_lines && <Fact name={t("facts.unsung")}>{t("facts.lines", { n: record.unsung_lines })}</Fact>}
        {record.truncated !== undefined && (
          <Fact name={t("facts.ending")}>{t(record.truncated ? "facts.faded" : "facts.ended")}</Fact>
        )}
        {record.loudness !== undefined && (
          <Fact name={t("facts.loudness")}>
            {t("facts.lufs", { n: record.loudness.toLocaleString(locale, { maximumFractionDigits: 1 }) })}
          </Fact>
        )}
      </Facts>
      {record.remarks && record.remarks.length > 0 && <Remarks remarks={record.remarks} />}
      {take && record.candidates && <Candidates take={take} candidates={record.candidates} />}
      <Facts title={t("facts.made")}>
        <Fact name={t("create.seed")}>
          <span className="tabular-nums">{song.takes.map((take) => take.seed).join(", ")}</span>
        </Fact>
        <Fact name={t("create.guidance")}>{number(sampling.guidance ?? 1)}</Fact>
        <Fact name={t("create.temperature")}>{number(sampling.temperature)}</Fact>
        <Fact name={t("create.topK")}>{number(sampling.top_k)}</Fact>
        {sampling.superres_top_k > 0 && (
          <Fact name={t("create.superresTemperature")}>{number(sampling.superres_temperature)}</Fact>
        )}
        <Fact name={t("create.superresTopK")}>
          {sampling.superres_top_k ? number(sampling.superres_top_k) : t("create.mean")}
        </Fact>
        {record.device && (
          <Fact name={t("facts.device")}>{[record.device, record.dtype].filter(Boolean).join(" · ")}</Fact>
        )}
        <Fact name={t("create.model")}>
          {request.model}
          {record.model?.digest && (
            <span className="ml-2 font-mono text-xs text-muted" title={record.model.digest}>
              {record.model.digest.slice(0, 12)}
            </span>
          )}
        </Fact>
        {!!request.loras?.length && (
          <Fact name={t("create.lora")}>
            {request.loras.map(({ name, weight }) => `${name} ${number(weight)}`).join(", ")}
          </Fact>
        )}
        {record.model?.license && (
          <Fact name={t("welcome.license")}>
            {record.model.license}
            {model && <span className="block text-muted">{t(publishingText(model))}</span>}
          </Fact>
        )}
      </Facts>
      {take && record.command && <Command take={take} text={record.command} />}
    </div>
  );
}

function Facts({ title, children }: { title?: string; children: ReactNode }) {
  return (
    <section>
      {title && <h3 className="mb-2 text-sm font-medium">{title}</h3>}
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2 text-sm">{children}</dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="wrap-anywhere">{children}</dd>
    </>
  );
}
function Command({ take, text }: { take: Take; text: string }) {
  const [copied, setCopied] = useState("");
  const { t } = useText();
  const block = useRef<HTMLPreElement>(null);
  const copy = async () => {
    // browsers offer the clipboard only over TLS and on localhost; elsewhere the selection is copied
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else {
      getSelection()?.selectAllChildren(block.current!);
      document.execCommand("copy");
    }
    setCopied(text);
  };
  return (
    <div>
      <div className="mb-2 flex items-center justify-between gap-4">
        <h3 className="text-sm font-medium">{t("facts.command", { n: take.number })}</h3>
        <Button size="sm" look="ghost" onClick={copy}>
          {copied === text ? (
            <Check className="size-4" aria-hidden="true" />
          ) : (
            <Copy className="size-4" aria-hidden="true" />
          )}
          <span aria-live="polite">{t(copied === text ? "facts.copied" : "facts.copy")}</span>
        </Button>
      </div>
      <pre
        ref={block}
        className="rounded-2xl bg-sunk p-4 font-mono text-xs leading-relaxed wrap-anywhere whitespace-pre-wrap"
      >
        {text}
      </pre>
      <a
        href={metadataUrl(take.id)}
        target="_blank"
        rel="noreferrer"
        className="mt-1 inline-block py-2.5 text-sm font-medium text-accent hover:underline"
      >
        {t("facts.record")}
      </a>
    </div>
  );
}
