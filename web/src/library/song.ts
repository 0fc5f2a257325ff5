/** What is shown of a song: title, style, state and the time left. */

import type { Model, Song, SongRequest, Take } from "../api/client";
import type { Language } from "../i18n";
import { tagLabel } from "../i18n/tags";

/** The title, or else the first line of the lyrics, the prompt or the tags. */
export function titleOf(song: Song, language: Language): string {
  const { prompt, tags, lyrics } = song.request;
  const sung = lyrics.split("\n").find((line) => line.trim() && !/^\s*[[【]/.test(line));
  return song.title || sung?.trim() || prompt || tags.map((tag) => tagLabel(tag, language)).join(", ");
}

/** The prompt or the tags. */
export function styleOf({ prompt, tags }: SongRequest, language: Language): string {
  return prompt || tags.map((tag) => tagLabel(tag, language)).join(" · ");
}

/** The name of a model without its folder or hub owner. */
export function shortName(model: string): string {
  return model.split("/").findLast(Boolean) ?? model;
}

/** What the licence of a model means for publishing songs, as a key of the texts. */
export function publishingText({ commercial_use }: Model) {
  if (commercial_use === null) return "license.unknown";
  return commercial_use ? "license.free" : "license.nonCommercial";
}

export function finished(song: Song): Take[] {
  return song.takes.filter((take) => take.state === "done");
}

/** The take that the song's button plays: the first that is done, or else one that can be heard while it is made. */
export function playable(song: Song): Take | undefined {
  return finished(song)[0] ?? song.takes.find(({ live }) => live);
}

export function isActive(song: Song): boolean {
  return song.state === "queued" || song.state === "running";
}

const ENOUGH = 0.1;

/** Seconds until a take is done: the server's estimate, which counts on earlier songs, blended into one from the take's own
 * speed as it progresses, since the load of the machine may have changed. */
export function etaOf(take: Take, now = Date.now()): number | null {
  const { eta, state, started, progress } = take;
  if (state !== "running" || !started || progress < ENOUGH) return eta;
  const own = ((now - Date.parse(started)) / 1000) * (1 / progress - 1);
  return Math.max(1, eta === null ? own : (1 - progress) * eta + progress * own);
}
