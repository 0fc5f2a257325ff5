/** The current view, kept in the address: `#/` (create), `#/library`, `#/songs/ID`, `#/lists/ID`, `#/lists/ID/songs/ID`. */

import { useSyncExternalStore } from "react";

export interface Route {
  view: "create" | "library" | "song";
  song: string | null;
  /** The playlist that the library shows, if any. */
  list: string | null;
}

export function parseRoute(hash: string): Route {
  const [, list = null, song = null] = /^#(?:\/lists\/([\w-]+))?(?:\/songs\/([\w-]+))?$/.exec(hash) ?? [];
  if (song) return { view: "song", song, list };
  return { view: list || hash === "#/library" ? "library" : "create", song: null, list };
}

export const listHref = (list: string | null) => (list ? `#/lists/${list}` : "#/library");
export const songHref = (id: string, list: string | null = null) => `#${list ? `/lists/${list}` : ""}/songs/${id}`;

export function go(hash: string): void {
  if (location.hash !== hash) location.hash = hash;
}

function subscribe(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}
