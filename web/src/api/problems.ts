/** Refusals, failed takes and what takes wait for, in a musician's words. */

import type { Key, Translate } from "../i18n";
import { roughly } from "../ui/format";
import { Refusal, type Take } from "./client";

const PROBLEMS: Record<string, Key> = {
  offline: "problem.offline",
  busy: "problem.busy",
  invalid: "problem.invalid",
  "not-found": "problem.gone",
  conflict: "problem.conflict",
  "too-large": "problem.tooLarge",
  unavailable: "problem.unavailable",
  unauthorized: "problem.unauthorized",
  forbidden: "problem.forbidden",
  internal: "problem.internal",
};

/** What stands behind a refusal, a failed take or one that waits. */
const CAUSES: Record<string, Key> = {
  "storage-full": "cause.storageFull",
  "storage-unreachable": "cause.storageUnreachable",
  "database-full": "cause.databaseFull",
  "database-unreachable": "cause.databaseUnreachable",
  "model-missing": "cause.modelMissing",
  "model-broken": "cause.modelBroken",
  "out-of-memory": "cause.outOfMemory",
  "worker-lost": "cause.workerLost",
};

export interface Told {
  title: string;
  /** The server's own words, where the title does not say it all. */
  detail: string;
}

export function tell(error: unknown, t: Translate): Told {
  if (!(error instanceof Refusal)) return { title: t("problem.internal"), detail: "" };
  const { kind, reason, retryAfter } = error;
  const cause = reason && CAUSES[reason];
  if (cause) return { title: t(cause), detail: "" };
  const title = t(PROBLEMS[kind] ?? "problem.internal");
  if (kind === "busy" && retryAfter)
    return { title, detail: t("problem.retryAfter", { time: roughly(retryAfter, t) }) };
  const unknown = !PROBLEMS[kind] || (reason !== null && !PROBLEMS[reason]);
  return { title, detail: unknown || kind === "invalid" || kind === "conflict" ? error.message : "" };
}

/** Why a take failed; the server's words where its kind is not known here. */
export function tellFailure(take: Pick<Take, "error" | "error_kind">, t: Translate): Told {
  const cause = take.error_kind && CAUSES[take.error_kind];
  return cause ? { title: t(cause), detail: "" } : { title: t("failed.other"), detail: take.error ?? "" };
}

/** What a take waits for, beside its turn; null where it waits for nothing. */
export function tellNote(take: Pick<Take, "note" | "note_kind">, t: Translate): string | null {
  const cause = take.note_kind && CAUSES[take.note_kind];
  return cause ? t(cause) : take.note;
}
