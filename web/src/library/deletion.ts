/** Deleting with a way back: a song leaves the lists at once, and the server some seconds later. */

import { Toast } from "@base-ui/react/toast";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { create } from "zustand";
import { answer, api, type Song } from "../api/client";
import { go, parseRoute } from "../app/route";
import { useProblem } from "../app/toasts";
import { useText } from "../i18n";
import { stop } from "../player/store";
import { titleOf } from "./words";

export const UNDO_MS = 7000;

/** Ids of songs that are about to be deleted; the lists leave them out. */
export const useDoomed = create<{ ids: ReadonlySet<string> }>(() => ({ ids: new Set() }));

function doom(id: string): void {
  useDoomed.setState(({ ids }) => ({ ids: new Set(ids).add(id) }));
}

function spare(id: string): void {
  useDoomed.setState(({ ids }) => ({ ids: new Set([...ids].filter((other) => other !== id)) }));
}

async function erase(client: QueryClient, id: string): Promise<void> {
  await answer(api.DELETE("/api/v1/songs/{song_id}", { params: { path: { song_id: id } } }));
  client.removeQueries({ queryKey: ["song", id] });
  await client.invalidateQueries({ queryKey: ["songs"] });
}

export function useDeleteSong(): (song: Song) => void {
  const client = useQueryClient();
  const toasts = Toast.useToastManager();
  const problem = useProblem();
  const { t } = useText();
  return (song) => {
    doom(song.id);
    stop(song.id);
    if (parseRoute(location.hash).song === song.id) go("#/library");
    const id = toasts.add({
      title: t("song.deleted", { title: titleOf(song) }),
      timeout: UNDO_MS,
      onRemove: () => {
        if (useDoomed.getState().ids.has(song.id))
          erase(client, song.id)
            .catch(problem)
            .finally(() => spare(song.id));
      },
      actionProps: {
        children: t("song.undo"),
        onClick: () => {
          spare(song.id);
          toasts.close(id);
        },
      },
    });
  };
}

/** A page that is left does what it was about to do. */
export function useDeletionOnLeave(): void {
  useEffect(() => {
    const leave = () => {
      for (const id of useDoomed.getState().ids)
        void fetch(`/api/v1/songs/${id}`, { method: "DELETE", keepalive: true });
    };
    addEventListener("pagehide", leave);
    return () => removeEventListener("pagehide", leave);
  }, []);
}
