/** Deletion that can be undone: a song leaves the lists at once, and the server some seconds later. */

import { Toast } from "@base-ui/react/toast";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { create } from "zustand";
import { createJSONStorage, persist } from "zustand/middleware";
import { api, type Song, unwrap } from "../api/client";
import { go, parseRoute } from "../app/route";
import { useProblemToast } from "../app/toasts";
import { useText } from "../i18n";
import { stop } from "../player/store";
import { titleOf } from "./song";

export const UNDO_MS = 7000;

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

function markDeleted(id: string, song: PendingDeletion): void {
  usePendingDeletions.setState(({ songs }) => ({ songs: { ...songs, [id]: song } }));
}

function unmark(id: string): void {
  usePendingDeletions.setState(({ songs: { [id]: _, ...songs } }) => ({ songs }));
}

async function erase(client: QueryClient, id: string): Promise<void> {
  await unwrap(api.DELETE("/api/v1/songs/{song_id}", { params: { path: { song_id: id } } }));
  client.removeQueries({ queryKey: ["song", id] });
  await client.invalidateQueries({ queryKey: ["songs"] });
}

/** Offers to undo; deletes the song when the offer has expired. */
function useUndoToast(): (id: string, song: PendingDeletion) => void {
  const client = useQueryClient();
  const { add, close } = Toast.useToastManager();
  const showProblem = useProblemToast();
  const { t } = useText();
  return useCallback(
    (id, { title, from }) => {
      let taken = false; // not read from the store: the song may be deleted again while this message is fading
      const toast = add({
        title: t("song.deleted", { title }),
        timeout: UNDO_MS,
        onRemove: () => {
          if (taken) return;
          erase(client, id)
            .catch(showProblem)
            .finally(() => unmark(id));
        },
        actionProps: {
          children: t("song.undo"),
          onClick: () => {
            taken = true;
            unmark(id);
            close(toast);
            if (from && parseRoute(location.hash).view === "library") go(from);
          },
        },
      });
    },
    [client, add, close, showProblem, t],
  );
}

export function useDeleteSong(): (song: Song) => void {
  const offerUndo = useUndoToast();
  const { language } = useText();
  return (song) => {
    const open = parseRoute(location.hash).song === song.id;
    const deletion = { title: titleOf(song, language), from: open ? location.hash : null };
    markDeleted(song.id, deletion);
    stop(song.id);
    if (open) go("#/library");
    offerUndo(song.id, deletion);
  };
}

/** After a reload, offers to undo what was about to be deleted, for the full time. */
export function useResumedDeletions(): void {
  const offerUndo = useUndoToast();
  useEffect(() => {
    for (const [id, song] of Object.entries(pending)) offerUndo(id, song);
    pending = {};
  }, [offerUndo]);
}

let pending = usePendingDeletions.getState().songs;
