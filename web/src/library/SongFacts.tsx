import { Check, Copy } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { useMetadata } from "../api/catalogue";
import { metadataUrl, type Song, type Take } from "../api/client";
import { useText } from "../i18n";
import { usePlayer } from "../player/store";
import { Button } from "../ui/Button";
import { finished } from "./words";

/** How a song was made: its request, what the record of a take says (of the one that plays), its command. */
export function SongFacts({ song }: { song: Song }) {
  const { t, locale } = useText();
  const playing = usePlayer((player) => player.take?.id);
  const done = finished(song);
  const take = done.find(({ id }) => id === playing) ?? done[0];
  const { data } = useMetadata(take?.id ?? null);
  const record = (data ?? {}) as {
    model?: { digest?: string };
    device?: string;
    dtype?: string;
    command?: string;
    loudness?: number;
    truncated?: boolean;
    unsung_lines?: number | null;
  };
  const { request } = song;
  const { sampling } = request;
  return (
    <div className="space-y-6">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2 text-sm">
        {request.prompt && <Fact name={t("create.prompt")}>{request.prompt}</Fact>}
        {request.tags.length > 0 && <Fact name={t("create.byTags")}>{request.tags.join(", ")}</Fact>}
        <Fact name={t("create.seed")}>
          <span className="tabular-nums">{song.takes.map((take) => take.seed).join(", ")}</span>
        </Fact>
        <Fact name={t("create.model")}>
          {request.model}
          {record.model?.digest && (
            <span className="block truncate font-mono text-xs text-muted">{record.model.digest}</span>
          )}
        </Fact>
        <Fact name={t("create.temperature")}>{sampling.temperature.toLocaleString(locale)}</Fact>
        <Fact name={t("create.topK")}>{sampling.top_k.toLocaleString(locale)}</Fact>
        <Fact name={t("create.superresTemperature")}>{sampling.superres_temperature.toLocaleString(locale)}</Fact>
        <Fact name={t("create.superresTopK")}>{sampling.superres_top_k.toLocaleString(locale)}</Fact>
        {record.device && (
          <Fact name={t("facts.device")}>{[record.device, record.dtype].filter(Boolean).join(" · ")}</Fact>
        )}
        {record.loudness !== undefined && (
          <Fact name={t("facts.loudness")}>
            {t("facts.lufs", { n: record.loudness.toLocaleString(locale, { maximumFractionDigits: 1 }) })}
          </Fact>
        )}
        {!!record.unsung_lines && (
          <Fact name={t("facts.unsung")}>{t("facts.tooShort", { n: record.unsung_lines })}</Fact>
        )}
        {record.truncated !== undefined && (
          <Fact name={t("facts.ending")}>{t(record.truncated ? "facts.faded" : "facts.ended")}</Fact>
        )}
      </dl>
      {take && record.command && <Command take={take} text={record.command} />}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="break-words">{children}</dd>
    </>
  );
}

function Command({ take, text }: { take: Take; text: string }) {
  const [copied, setCopied] = useState("");
  const { t } = useText();
  const block = useRef<HTMLPreElement>(null);
  const copy = async () => {
    // browsers lend the clipboard to pages served with TLS or from this machine; to others, what is selected
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
        className="overflow-x-auto rounded-2xl bg-sunk p-4 font-mono text-xs leading-relaxed whitespace-pre-wrap"
      >
        {text}
      </pre>
      <a
        href={metadataUrl(take.id)}
        target="_blank"
        rel="noreferrer"
        className="mt-3 inline-block text-sm font-medium text-accent hover:underline"
      >
        {t("facts.record")}
      </a>
    </div>
  );
}
