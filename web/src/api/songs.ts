/** Songs: lists, single ones and changes, with every cached copy kept in step. */

import {
  CancelledError,
  type InfiniteData,
  type QueryClient,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { api, type NewSong, type PlaylistSongs, type Song, type Songs, type Take, unwrap } from "./client";
import { renew } from "./query";

const PAGE = 30;
type Pages = InfiniteData<Songs, string | null>;

export function useSongs(q: string) {
  return useInfiniteQuery({
    queryKey: ["songs", q],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/songs", {
          params: { query: { limit: PAGE, ...(q && { q }), ...(pageParam && { cursor: pageParam }) } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next,
  });
}

const RECENT_SONGS = 5;

/** Seconds until all songs in the queue are done, and the least and the most seconds of work that recent songs took for a
 * second of music (null: unknown); the load of the machine varies. */
export function useQueueEstimate(): { ahead: number; rates: [least: number, most: number] | null } {
  const { data } = useSongs("");
  const songs = data?.pages[0]?.songs ?? [];
  const rates = songs
    .flatMap(({ takes, request }) => secondsPerSecond(takes, request.best_of) ?? [])
    .slice(0, RECENT_SONGS);
  const ahead = songs.flatMap((song) => song.takes.map(({ eta }) => eta ?? 0));
  return { ahead: Math.max(0, ...ahead), rates: rates.length ? [Math.min(...rates), Math.max(...rates)] : null };
}

/** Seconds of work for a second of music, from the first start to the last end: takes and candidates that are made together
 * share the time. */
export function secondsPerSecond(takes: Take[], candidates = 1): number | null {
  const done = takes.flatMap(({ started, finished, duration }) =>
    started && finished && duration ? { from: Date.parse(started), to: Date.parse(finished), duration } : [],
  );
  if (!done.length) return null;
  const spent = Math.max(...done.map(({ to }) => to)) - Math.min(...done.map(({ from }) => from));
  return spent / 1000 / candidates / done.reduce((sum, { duration }) => sum + duration, 0);
}

export function songOptions(id: string) {
  return queryOptions({
    queryKey: ["song", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/songs/{song_id}", { params: { path: { song_id: id } }, signal })),
  });
}

export function useSong(id: string | null) {
  const client = useQueryClient();
  return useQuery({
    ...songOptions(id ?? ""),
    enabled: id !== null,
    placeholderData: () => (id ? findSong(client, id) : undefined),
  });
}

/** A song from any cached list, or the cached song itself. */
export function findSong(client: QueryClient, id: string): Song | undefined {
  const lists = client.getQueriesData<Pages>({ queryKey: ["songs"] });
  for (const [, data] of lists)
    for (const page of data?.pages ?? []) {
      const found = page.songs.find((song) => song.id === id);
      if (found) return found;
    }
  return client.getQueryData<Song>(["song", id]);
}

/** Changes every cached copy of the songs; null removes one from the lists. */
export function patchSongs(client: QueryClient, change: (song: Song) => Song | null): void {
  client.setQueriesData<Pages>({ queryKey: ["songs"] }, (data) => {
    if (!data) return data;
    const pages = data.pages.map((page) => ({ ...page, songs: page.songs.flatMap((song) => change(song) ?? []) }));
    return { ...data, pages };
  });
  client.setQueriesData<Song>({ queryKey: ["song"] }, (song) => song && (change(song) ?? song));
  client.setQueriesData<PlaylistSongs>(
    { queryKey: ["playlist"] },
    (list) => list && { ...list, songs: list.songs.flatMap((song) => change(song) ?? []) },
  );
}

export function patchSong(client: QueryClient, id: string, change: (song: Song) => Song | null): void {
  patchSongs(client, (song) => (song.id === id ? change(song) : song));
}

/** Fetches a song again and changes every cached copy; an answer that was asked for before is no longer waited for. */
export async function refreshSong(client: QueryClient, id: string): Promise<void> {
  const options = songOptions(id);
  await client.cancelQueries({ queryKey: options.queryKey });
  try {
    const song = await client.fetchQuery({ ...options, staleTime: 0 });
    if (findSong(client, id)) patchSong(client, id, () => song);
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error; // else the one who cancelled it asks again
  }
}

let unanswered: { request: string; key: string } | null = null;

/** The idempotency key of a request. It stays the same until the request is answered: trying again makes no second song. */
export function idempotencyKey(body: object): string {
  const request = JSON.stringify(body);
  if (unanswered?.request !== request) {
    // browsers offer `randomUUID` only over TLS and on localhost
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    unanswered = { request, key: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
  }
  return unanswered.key;
}

export function forgetKey(): void {
  unanswered = null;
}

export function useCreateSong() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (request: NewSong | Promise<NewSong>) => {
      const body = await request;
      return unwrap(
        api.POST("/api/v1/songs", { body, params: { header: { "idempotency-key": idempotencyKey(body) } } }),
      );
    },
    onSuccess: (song) => {
      forgetKey();
      client.setQueryData(["song", song.id], song);
      void renew(client, ["songs"]);
    },
  });
}

export function useChangeSong() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string; title?: string; liked?: boolean }) =>
      unwrap(api.PATCH("/api/v1/songs/{song_id}", { params: { path: { song_id: id } }, body })),
    onMutate: ({ id, ...change }) => patchSong(client, id, (song) => ({ ...song, ...change })),
    onSettled: (_data, _error, { id }) => refreshSong(client, id),
  });
}

export function useSongAction() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, action }: { id: string; action: "cancel" | "retry" }) => {
      const params = { params: { path: { song_id: id } } };
      return unwrap<Song>(
        action === "cancel"
          ? api.POST("/api/v1/songs/{song_id}/cancel", params)
          : api.POST("/api/v1/songs/{song_id}/retry", params),
      );
    },
    onSuccess: (song) => patchSong(client, song.id, () => song),
  });
}
