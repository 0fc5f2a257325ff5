/** Tempo, key and voice are tags as well: each control shows and changes the one tag of its kind, in its place. */

export type Kind = "bpm" | "key" | "voice";

const KEY_NAMES = {
  major: ["c", "d flat", "d", "e flat", "e", "f", "f sharp", "g", "a flat", "a", "b flat", "b"],
  minor: ["c", "c sharp", "d", "e flat", "e", "f", "f sharp", "g", "g sharp", "a", "b flat", "b"],
};

/** Keys as the models know them. */
export const KEYS = Object.entries(KEY_NAMES).flatMap(([mode, tonics]) => tonics.map((tonic) => `${tonic} ${mode}`));
export const VOICES = ["female vocals", "male vocals"] as const;
export const INSTRUMENTAL = "instrumental";

const IS: Record<Kind, (tag: string) => boolean> = {
  bpm: (tag) => /^\d{2,3} ?bpm$/i.test(tag),
  key: (tag) => KEYS.includes(tag.toLowerCase()),
  voice: (tag) => (VOICES as readonly string[]).includes(tag.toLowerCase()),
};

export function tagOf(tags: readonly string[], kind: Kind): string {
  return tags.find(IS[kind])?.toLowerCase() ?? "";
}

export function bpmOf(tags: readonly string[]): number | null {
  return Number.parseInt(tagOf(tags, "bpm"), 10) || null;
}

/** The tags with `tag` as the only one of its kind; "" takes that away. */
export function withTag(tags: readonly string[], kind: Kind, tag: string): string[] {
  const at = tags.findIndex(IS[kind]);
  const rest = tags.filter((old) => !IS[kind](old));
  if (tag) rest.splice(at < 0 ? rest.length : at, 0, tag);
  return rest;
}

/** The tags as an instrumental's, or as those of a song that is sung. */
export function withInstrumental(tags: readonly string[], instrumental: boolean): string[] {
  const rest = tags.filter((tag) => tag !== INSTRUMENTAL);
  return instrumental ? [...withTag(rest, "voice", ""), INSTRUMENTAL] : rest;
}

/** Tags typed or pasted: parted by commas or line breaks, each once whatever its case. */
export function addTags(tags: readonly string[], text: string): string[] {
  const all = [...tags];
  for (const tag of text.split(/[,，、;；\n]/).map((part) => part.trim().replace(/\s+/g, " ")))
    if (tag && !all.some((old) => old.toLowerCase() === tag.toLowerCase())) all.push(tag);
  return all;
}
