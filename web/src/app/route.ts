/** The current view, kept in the address: `#/` (create), `#/library`, `#/songs/ID`. */

import { useSyncExternalStore } from "react";

export interface Route {
  view: "create" | "library" | "song";
  song: string | null;
}

export function parseRoute(hash: string): Route {
  const song = /^#\/songs\/([\w-]+)$/.exec(hash)?.[1];
  if (song) return { view: "song", song };
  return { view: hash === "#/library" ? "library" : "create", song: null };
}

export const songHref = (id: string) => `#/songs/${id}`;

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
