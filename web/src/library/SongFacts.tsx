import { Check, Copy } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useMetadata } from "../api/catalogue";
import type { Song } from "../api/client";
import { useText } from "../i18n";
import { Button } from "../ui/Button";
import { finished } from "./words";

/** How a song was made: its request, what the record of the first take says, the command that makes it again. */
export function SongFacts({ song }: { song: Song }) {
  const { t, locale } = useText();
  const [first] = finished(song);
  const { data } = useMetadata(first?.id ?? null);
  const record = (data ?? {}) as {
    model?: { digest?: string };
    device?: string;
    dtype?: string;
    command?: string;
    loudness?: number;
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
        <Fact name={t("create.superresTopK")}>{sampling.superres_top_k.toLocaleString(locale)}</Fact>
        {record.device && (
          <Fact name={t("facts.device")}>{[record.device, record.dtype].filter(Boolean).join(" · ")}</Fact>
        )}
      </dl>
      {record.command && <Command text={record.command} />}
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

function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const { t } = useText();
  const copy = () => navigator.clipboard.writeText(text).then(() => setCopied(true));
  return (
    <div>
      <div className="mb-2 flex items-center justify-between gap-4">
        <h3 className="text-sm font-medium">{t("facts.command")}</h3>
        <Button size="sm" look="ghost" onClick={copy}>
          {copied ? <Check className="size-4" aria-hidden="true" /> : <Copy className="size-4" aria-hidden="true" />}
          <span aria-live="polite">{t(copied ? "facts.copied" : "facts.copy")}</span>
        </Button>
      </div>
      <pre className="overflow-x-auto rounded-2xl bg-sunk p-4 font-mono text-xs leading-relaxed whitespace-pre-wrap">
        {text}
      </pre>
    </div>
  );
}
