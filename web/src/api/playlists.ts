/** Playlists: the caller's lists, and what changes them. A change is shown at once, and taken back if it is refused. */

import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Playlist, type PlaylistSongs, unwrap } from "./client";
import { renew } from "./query";

const ALL = ["playlists"];
const keyOf = (id: string) => ["playlist", id];

export function usePlaylists() {
  const query = useQuery({ queryKey: ALL, queryFn: () => unwrap(api.GET("/api/v1/playlists")) });
  return query.data?.playlists ?? [];
}

export function usePlaylist(id: string) {
  return useQuery({
    queryKey: keyOf(id),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/playlists/{playlist_id}", { params: { path: { playlist_id: id } }, signal })),
  });
}

export type ListChange =
  | { id: string; name: string }
  | { id: string; put: string[]; before: string | null }
  | { id: string; remove: string };

/** The order of takes after a change, as the server makes it. */
export function changedOrder(takes: readonly string[], change: ListChange): string[] {
  if ("remove" in change) return takes.filter((take) => take !== change.remove);
  if (!("put" in change)) return [...takes];
  const rest = takes.filter((take) => !change.put.includes(take));
  const at = change.before ? rest.indexOf(change.before) : rest.length;
  return rest.toSpliced(at, 0, ...change.put);
}

function send(change: ListChange): Promise<Playlist> {
  const path = { playlist_id: change.id };
  if ("name" in change)
    return unwrap(api.PATCH("/api/v1/playlists/{playlist_id}", { params: { path }, body: { name: change.name } }));
  if ("remove" in change) {
    const params = { path: { ...path, take_id: change.remove } };
    return unwrap(api.DELETE("/api/v1/playlists/{playlist_id}/takes/{take_id}", { params }));
  }
  const body = { takes: change.put, before: change.before };
  return unwrap(api.POST("/api/v1/playlists/{playlist_id}/takes", { params: { path }, body }));
}

async function refresh(client: QueryClient, id: string): Promise<void> {
  await Promise.all([ALL, keyOf(id)].map((key) => renew(client, key)));
}

export function useChangePlaylist() {
  const client = useQueryClient();
  return useMutation({
    scope: { id: "playlists" }, // one after another, in the order of the keys that were pressed
    mutationFn: send,
    onMutate: async (change) => {
      await client.cancelQueries({ queryKey: keyOf(change.id) });
      client.setQueryData<PlaylistSongs>(
        keyOf(change.id),
        (list) =>
          list && {
            ...list,
            name: "name" in change ? change.name : list.name,
            takes: changedOrder(list.takes, change),
          },
      );
    },
    onSettled: (_data, _error, { id }) => {
      if (client.isMutating() === 1) return refresh(client, id); // else the last one does
    },
  });
}

export function useCreatePlaylist() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; takes: string[] }) => unwrap(api.POST("/api/v1/playlists", { body })),
    onSuccess: ({ id }) => refresh(client, id),
  });
}

export function useDeletePlaylist() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/api/v1/playlists/{playlist_id}", { params: { path: { playlist_id: id } } })),
    onSuccess: async (_data, id) => {
      client.removeQueries({ queryKey: keyOf(id) });
      await renew(client, ALL);
    },
  });
}
