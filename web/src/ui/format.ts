/** Times and sizes as people read them. */

import type { Translate } from "../i18n";

/** Seconds as "1:05". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** An estimated time, rounded: "40 s", "3 min", "2 h". */
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

/** A date as "Today 09:30", "Yesterday" or the day. */
export function day(iso: string, locale: string, now = new Date()): string {
  const date = new Date(iso);
  const midnight = (moment: Date) => new Date(moment).setHours(0, 0, 0, 0);
  const ago = Math.round((midnight(now) - midnight(date)) / 86_400_000);
  if (ago !== 0 && ago !== 1) return date.toLocaleDateString(locale, { dateStyle: "medium" });
  const name = new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(-ago, "day");
  const capital = name[0]!.toLocaleUpperCase(locale) + name.slice(1);
  return ago ? capital : `${capital} ${date.toLocaleTimeString(locale, { timeStyle: "short" })}`;
}

export function bytes(size: number, locale: string): string {
  const [unit, divisor] = size >= 1e9 ? (["gigabyte", 1e9] as const) : (["megabyte", 1e6] as const);
  return (size / divisor).toLocaleString(locale, {
    style: "unit",
    unit,
    maximumFractionDigits: size / divisor < 10 ? 1 : 0,
  });
}
