/** A song in words: its title, what it was asked to be. */

import type { Song, SongRequest, Take } from "../api/client";

/** The title, or else the first line that is sung, the sentence or the tags. */
export function titleOf(song: Song): string {
  const { prompt, tags, lyrics } = song.request;
  const sung = lyrics.split("\n").find((line) => line.trim() && !/^\s*[[【]/.test(line));
  return song.title || sung?.trim() || prompt || tags.join(", ");
}

/** What the song was asked to be. */
export function styleOf({ prompt, tags }: SongRequest): string {
  return prompt || tags.join(" · ");
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

/** Seconds until a take is done: as the server has measured, before its first song as this one has gone so far. */
export function etaOf(take: Take, now = Date.now()): number | null {
  const { eta, state, started, progress } = take;
  if (eta !== null || state !== "running" || !started || progress < ENOUGH) return eta;
  const spent = (now - Date.parse(started)) / 1000;
  return Math.max(1, (spent * (1 - progress)) / progress);
}
