/** Refusals, failed takes and what takes wait for, in the reader's words, by the kind that the service gives them. */

import type { Key, Translate } from "../i18n";
import { roughly } from "../ui/format";
import { Refusal, type Take } from "./client";
import type { PROBLEMS, TROUBLES } from "./limits";

type Problem = (typeof PROBLEMS)[number];
type Trouble = (typeof TROUBLES)[number];

/** Kinds that only a fault of this page can cause have no text of their own. */
const PROBLEM_KEYS: Partial<Record<Problem | "offline", Key>> = {
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

/** The cause of a refusal, of a failure or of a wait, where it is known. */
const CAUSE_KEYS: Record<Exclude<Trouble, "invalid" | "internal">, Key> = {
  "storage-full": "cause.storageFull",
  "storage-unreachable": "cause.storageUnreachable",
  "database-full": "cause.databaseFull",
  "database-unreachable": "cause.databaseUnreachable",
  "model-missing": "cause.modelMissing",
  "model-broken": "cause.modelBroken",
  "out-of-memory": "cause.outOfMemory",
  "worker-lost": "cause.workerLost",
};

const problemKey = (kind: string): Key | undefined => PROBLEM_KEYS[kind as Problem];
const causeKey = (kind: string | null): Key | undefined => CAUSE_KEYS[kind as keyof typeof CAUSE_KEYS];

export interface ProblemText {
  title: string;
  /** The service's own sentence, where the title does not say it all. */
  detail: string;
}

/** Why a request was refused. */
export function problemText(error: unknown, t: Translate): ProblemText {
  if (!(error instanceof Refusal)) return { title: t("problem.internal"), detail: "" };
  const { kind, reason, retryAfter, message } = error;
  const cause = causeKey(reason);
  if (cause) return { title: t(cause), detail: "" };
  const title = t(problemKey(kind) ?? "problem.internal");
  if (kind === "busy" && retryAfter)
    return { title, detail: t("problem.retryAfter", { time: roughly(retryAfter, t) }) };
  const isKnown = problemKey(kind) && (reason === null || problemKey(reason));
  return { title, detail: isKnown && kind !== "invalid" && kind !== "conflict" ? "" : message };
}

/** Why a take failed; the service's sentence where the kind is not known here. */
export function failureText({ error, error_kind }: Pick<Take, "error" | "error_kind">, t: Translate): ProblemText {
  const cause = causeKey(error_kind);
  return cause ? { title: t(cause), detail: "" } : { title: t("failed.other"), detail: error ?? "" };
}

/** What a take waits for besides its turn; null where it waits for nothing else. */
export function noteText({ note, note_kind }: Pick<Take, "note" | "note_kind">, t: Translate): string | null {
  const cause = causeKey(note_kind);
  return cause ? t(cause) : note;
}
