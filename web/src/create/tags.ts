/** Tempo, key and voice are tags, too: each control shows and changes the one tag of its kind, in place. */

import TONICS from "./keys.json";

export type Kind = "bpm" | "key" | "voice";

/** Keys as the models know them. */
export const KEYS = Object.entries(TONICS).flatMap(([mode, tonics]) => tonics.map((tonic) => `${tonic} ${mode}`));
export const VOICES = ["female vocals", "male vocals"] as const;
export const INSTRUMENTAL = "instrumental";
/** Tempo tags have two or three digits. The service remarks on those that a model cannot play. */
export const BPM_LIMITS = [10, 999] as const;

const IS_OF_KIND: Record<Kind, (tag: string) => boolean> = {
  bpm: (tag) => /^\d{2,3} ?bpm$/i.test(tag),
  key: (tag) => KEYS.includes(tag.toLowerCase()),
  voice: (tag) => (VOICES as readonly string[]).includes(tag.toLowerCase()),
};

export function tagOf(tags: readonly string[], kind: Kind): string {
  return tags.find(IS_OF_KIND[kind])?.toLowerCase() ?? "";
}

export function bpmOf(tags: readonly string[]): number | null {
  return Number.parseInt(tagOf(tags, "bpm"), 10) || null;
}

/** The tags with `tag` as the only one of its kind; "" removes it. */
export function withTag(tags: readonly string[], kind: Kind, tag: string): string[] {
  const at = tags.findIndex(IS_OF_KIND[kind]);
  const rest = tags.filter((old) => !IS_OF_KIND[kind](old));
  if (tag) rest.splice(at < 0 ? rest.length : at, 0, tag);
  return rest;
}

/** The tags of an instrumental, or of a song with vocals. */
export function withInstrumental(tags: readonly string[], instrumental: boolean): string[] {
  const rest = tags.filter((tag) => tag !== INSTRUMENTAL);
  return instrumental ? [...withTag(rest, "voice", ""), INSTRUMENTAL] : rest;
}

/** Adds typed or pasted tags, separated by commas or line breaks, each once whatever its case. */
export function addTags(tags: readonly string[], text: string): string[] {
  const all = [...tags];
  for (const tag of text.split(/[,，、;；\n]/).map((part) => part.trim().replace(/\s+/g, " ")))
    if (tag && !all.some((old) => old.toLowerCase() === tag.toLowerCase())) all.push(tag);
  return all;
}
