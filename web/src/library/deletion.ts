/** Deleting with a way back: a song leaves the lists at once, and the server some seconds later. */

import { Toast } from "@base-ui/react/toast";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { create } from "zustand";
import { createJSONStorage, persist } from "zustand/middleware";
import { answer, api, type Song } from "../api/client";
import { go, parseRoute } from "../app/route";
import { useProblem } from "../app/toasts";
import { useText } from "../i18n";
import { stop } from "../player/store";
import { titleOf } from "./words";

export const UNDO_MS = 7000;

interface Doomed {
  title: string;
  /** Where one was when it was deleted, if that was its page. */
  from: string | null;
}

/** Songs that are about to be deleted, by id; the lists leave them out. Kept for this tab: a reload offers the way back
 * again, and a tab that is closed before its time is over has deleted nothing. */
export const useDoomed = create<{ songs: Record<string, Doomed> }>()(
  persist(() => ({ songs: {} }), { name: "khala.deleting", storage: createJSONStorage(() => sessionStorage) }),
);

function doom(id: string, song: Doomed): void {
  useDoomed.setState(({ songs }) => ({ songs: { ...songs, [id]: song } }));
}

function spare(id: string): void {
  useDoomed.setState(({ songs: { [id]: _, ...songs } }) => ({ songs }));
}

async function erase(client: QueryClient, id: string): Promise<void> {
  await answer(api.DELETE("/api/v1/songs/{song_id}", { params: { path: { song_id: id } } }));
  client.removeQueries({ queryKey: ["song", id] });
  await client.invalidateQueries({ queryKey: ["songs"] });
}

/** Offers the way back; deletes the song when nobody has taken it. */
function useWayBack(): (id: string, song: Doomed) => void {
  const client = useQueryClient();
  const { add, close } = Toast.useToastManager();
  const problem = useProblem();
  const { t } = useText();
  return useCallback(
    (id, { title, from }) => {
      let taken = false; // not whether the song is spared: it may be deleted again before this message has gone
      const toast = add({
        title: t("song.deleted", { title }),
        timeout: UNDO_MS,
        onRemove: () => {
          if (taken) return;
          erase(client, id)
            .catch(problem)
            .finally(() => spare(id));
        },
        actionProps: {
          children: t("song.undo"),
          onClick: () => {
            taken = true;
            spare(id);
            close(toast);
            if (from && parseRoute(location.hash).view === "library") go(from);
          },
        },
      });
    },
    [client, add, close, problem, t],
  );
}

export function useDeleteSong(): (song: Song) => void {
  const offer = useWayBack();
  const { language } = useText();
  return (song) => {
    const open = parseRoute(location.hash).song === song.id;
    const doomed = { title: titleOf(song, language), from: open ? location.hash : null };
    doom(song.id, doomed);
    stop(song.id);
    if (open) go("#/library");
    offer(song.id, doomed);
  };
}

/** After a reload: the way back of what was about to be deleted, for the whole time again. */
export function usePendingDeletions(): void {
  const offer = useWayBack();
  useEffect(() => {
    for (const [id, song] of Object.entries(pending)) offer(id, song);
    pending = {};
  }, [offer]);
}

let pending = useDoomed.getState().songs;
