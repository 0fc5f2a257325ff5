/** Refusals and failed takes in a musician's words. */

import type { Key, Translate } from "../i18n";
import { roughly } from "../ui/format";
import { Refusal } from "./client";

const WORDS: Record<string, Key> = {
  offline: "problem.offline",
  busy: "problem.busy",
  invalid: "problem.invalid",
  "not-found": "problem.gone",
  conflict: "problem.conflict",
  "too-large": "problem.tooLarge",
  unavailable: "problem.unavailable",
  unauthorized: "problem.unauthorized",
  forbidden: "problem.forbidden",
};

export interface Told {
  title: string;
  /** The server's own words, where they help. */
  detail: string;
}

export function tell(error: unknown, t: Translate): Told {
  if (!(error instanceof Refusal)) return { title: t("problem.internal"), detail: "" };
  const title = t(WORDS[error.kind] ?? "problem.internal");
  if (error.kind === "busy" && error.retryAfter)
    return { title, detail: t("problem.retryAfter", { time: roughly(error.retryAfter, t) }) };
  return { title, detail: error.kind === "invalid" || error.kind === "conflict" ? error.message : "" };
}

const CAUSES: [RegExp, Key][] = [
  [/memory/i, "failed.memory"],
  [/no space|disk/i, "failed.disk"],
  [/model/i, "failed.model"],
  [/stall|hung|no progress|watchdog|lost/i, "failed.lost"],
];

/** Why a take failed: the cause if it is a known one, and the server's words under it. */
export function tellFailure(error: string | null, t: Translate): Told {
  const known = CAUSES.find(([pattern]) => error && pattern.test(error));
  return { title: t(known?.[1] ?? "failed.other"), detail: error ?? "" };
}
