/** A song in words: its title, what it was asked to be. */

import type { Song, SongRequest, Take } from "../api/client";
import type { Language } from "../i18n";
import { tagLabel } from "../i18n/tags";

/** The title, or else the first line that is sung, the sentence or the tags. */
export function titleOf(song: Song, language: Language): string {
  const { prompt, tags, lyrics } = song.request;
  const sung = lyrics.split("\n").find((line) => line.trim() && !/^\s*[[【]/.test(line));
  return song.title || sung?.trim() || prompt || tags.map((tag) => tagLabel(tag, language)).join(", ");
}

/** What the song was asked to be. */
export function styleOf({ prompt, tags }: SongRequest, language: Language): string {
  return prompt || tags.map((tag) => tagLabel(tag, language)).join(" · ");
}

/** A model without the folder or hub owner it comes from. */
export function shortName(model: string): string {
  return model.split("/").findLast(Boolean) ?? model;
}

export function finished(song: Song): Take[] {
  return song.takes.filter((take) => take.state === "done");
}

export function isActive(song: Song): boolean {
  return song.state === "queued" || song.state === "running";
}

const ENOUGH = 0.1;

/** Seconds until a take is done: as the server has measured of songs before it, and the further it is, the more as it has
 * gone itself: the machine may have more or less to do now than it had then. */
export function etaOf(take: Take, now = Date.now()): number | null {
  const { eta, state, started, progress } = take;
  if (state !== "running" || !started || progress < ENOUGH) return eta;
  const own = ((now - Date.parse(started)) / 1000) * (1 / progress - 1);
  return Math.max(1, eta === null ? own : (1 - progress) * eta + progress * own);
}
