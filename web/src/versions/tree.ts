/** The versions of a song, in the order and with the indents of a tree. */

import type { Version } from "../api/client";

export interface Row<V> {
  version: V;
  /** How many versions stand between it and the first one; 0 for that. */
  depth: number;
}

type Node = Pick<Version, "id" | "parent" | "created">;

/** Each version below the one it comes from, older ones first. Versions whose parents are not among them stand by themselves. */
export function treeOf<V extends Node>(versions: readonly V[]): Row<V>[] {
  const known = new Set(versions.map(({ id }) => id));
  const children = new Map<string | null, V[]>();
  for (const version of [...versions].sort((a, b) => a.created.localeCompare(b.created) || a.id.localeCompare(b.id))) {
    const parent = version.parent !== null && known.has(version.parent) ? version.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), version]);
  }
  const below = (parent: string | null, depth: number): Row<V>[] =>
    (children.get(parent) ?? []).flatMap((version) => [{ version, depth }, ...below(version.id, depth + 1)]);
  return below(null, 0);
}

/** The version that comes first to mind to compare `id` with: the one it comes from, or else its first offspring that can be
 * heard; null if there is none. */
export function rivalOf<V extends Node>(id: string, versions: readonly V[]): V | null {
  const parent = versions.find((version) => version.id === id)?.parent;
  return versions.find((version) => version.id === parent) ?? versions.find((version) => version.parent === id) ?? null;
}
