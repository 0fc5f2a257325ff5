/** Numbers as a musician reads them. */

import type { Translate } from "../i18n";

/** Seconds as "1:05". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A length of time in words, rounded as far as an estimate may be: "40 s", "3 min", "2 h". */
export function roughly(seconds: number, t: Translate): string {
  if (seconds < 10) return t("time.seconds", { n: Math.max(1, Math.round(seconds)) });
  if (seconds < 55) return t("time.seconds", { n: Math.ceil(seconds / 5) * 5 });
  if (seconds < 5400) return t("time.minutes", { n: Math.max(1, Math.round(seconds / 60)) });
  return t("time.hours", { n: Math.round(seconds / 3600) });
}

/** "1:30", "90" and "90 s" as seconds; null for anything else. */
export function parseClock(text: string): number | null {
  const match = /^\s*(?:(\d{1,2}):([0-5]\d)|(\d{1,4})\s*s?)\s*$/.exec(text);
  if (!match) return null;
  return match[3] !== undefined ? Number(match[3]) : Number(match[1]) * 60 + Number(match[2]);
}

export function day(iso: string, locale: string, now = new Date()): string {
  const date = new Date(iso);
  const sameDay = date.toDateString() === now.toDateString();
  return date.toLocaleString(locale, sameDay ? { timeStyle: "short" } : { dateStyle: "medium" });
}

export function bytes(size: number, locale: string): string {
  const [unit, divisor] = size >= 1e9 ? (["gigabyte", 1e9] as const) : (["megabyte", 1e6] as const);
  return (size / divisor).toLocaleString(locale, {
    style: "unit",
    unit,
    maximumFractionDigits: size / divisor < 10 ? 1 : 0,
  });
}
