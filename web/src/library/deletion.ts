/** Deletion that can be undone: a song leaves the lists at once, and the server some seconds later. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { create } from "zustand";
import { createJSONStorage, persist } from "zustand/middleware";
import { api, type Song, unwrap } from "../api/client";
import { renew } from "../api/query";
import { go, listHref, parseRoute } from "../app/route";
import { useProblemToast, useUndoToast } from "../app/toasts";
import { useText } from "../i18n";
import { stop } from "../player/store";
import { titleOf } from "./song";

interface PendingDeletion {
  title: string;
  /** The song's page, if it was deleted there. */
  from: string | null;
}

/** Songs about to be deleted, by id; lists leave them out. Kept in the tab's session: a reload offers to undo again, and
 * closing the tab early deletes nothing. */
export const usePendingDeletions = create<{ songs: Record<string, PendingDeletion> }>()(
  persist(() => ({ songs: {} }), { name: "khala.deleting", storage: createJSONStorage(() => sessionStorage) }),
);

type Deletions = Record<string, PendingDeletion>;

function markDeleted(deleted: Deletions): void {
  usePendingDeletions.setState(({ songs }) => ({ songs: { ...songs, ...deleted } }));
}

function unmark(ids: readonly string[]): void {
  usePendingDeletions.setState(({ songs }) => ({
    songs: Object.fromEntries(Object.entries(songs).filter(([id]) => !ids.includes(id))),
  }));
}

async function erase(client: QueryClient, ids: readonly string[]): Promise<void> {
  const params = (song_id: string) => ({ params: { path: { song_id } } });
  const sent = ids.map((id) => unwrap(api.DELETE("/api/v1/songs/{song_id}", params(id))));
  const refused = (await Promise.allSettled(sent)).find(({ status }) => status === "rejected");
  for (const id of ids) client.removeQueries({ queryKey: ["song", id] });
  await Promise.all(["songs", "playlists", "playlist"].map((key) => renew(client, [key])));
  if (refused?.status === "rejected") throw refused.reason;
}

/** Offers to undo; deletes the songs when the offer has expired. */
function useOfferedDeletion(): (deleted: Deletions) => void {
  const client = useQueryClient();
  const offerUndo = useUndoToast();
  const showProblem = useProblemToast();
  const { t } = useText();
  return useCallback(
    (deleted) => {
      const ids = Object.keys(deleted);
      const [{ title = "", from = null } = {}] = Object.values(deleted);
      offerUndo(
        ids.length === 1 ? t("song.deleted", { title }) : t("select.deleted", { n: ids.length }),
        () => {
          unmark(ids);
          if (from && parseRoute(location.hash).view === "library") go(from);
        },
        () => {
          erase(client, ids)
            .catch(showProblem)
            .finally(() => unmark(ids));
        },
      );
    },
    [client, offerUndo, showProblem, t],
  );
}

export function useDeleteSongs(): (songs: readonly Song[]) => void {
  const offerUndo = useOfferedDeletion();
  const { language } = useText();
  return (songs) => {
    const { song: open, list } = parseRoute(location.hash);
    const from = songs.some(({ id }) => id === open) ? location.hash : null;
    const deleted = Object.fromEntries(songs.map((song) => [song.id, { title: titleOf(song, language), from }]));
    markDeleted(deleted);
    for (const { id } of songs) stop(id);
    if (from) go(listHref(list));
    offerUndo(deleted);
  };
}

/** After a reload, offers to undo what was about to be deleted, for the full time. */
export function useResumedDeletions(): void {
  const offerUndo = useOfferedDeletion();
  useEffect(() => {
    if (Object.keys(pending).length) offerUndo(pending);
    pending = {};
  }, [offerUndo]);
}

let pending = usePendingDeletions.getState().songs;
