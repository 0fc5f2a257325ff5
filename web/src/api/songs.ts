/** Songs of the library: lists, one song, and what can be done to them, with every cached copy kept the same. */

import {
  type InfiniteData,
  type QueryClient,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { answer, api, type NewSong, type Song, type Songs, type Take } from "./client";

const PAGE = 30;
type Pages = InfiniteData<Songs, string | null>;

export function useSongs(q: string) {
  return useInfiniteQuery({
    queryKey: ["songs", q],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET("/api/v1/songs", {
          params: { query: { limit: PAGE, ...(q && { q }), ...(pageParam && { cursor: pageParam }) } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next,
  });
}

const MEASURED = 5;

/** How long one will wait: seconds until what was asked for is done, and the least and the most work for a second of song
 * that the last songs took (null: unknown). They differ by what else the machine had to do. */
export function useOutlook(): { ahead: number; paces: [least: number, most: number] | null } {
  const { data } = useSongs("");
  const songs = data?.pages[0]?.songs ?? [];
  const paces = songs.flatMap(({ takes, request }) => paceOf(takes, request.best_of) ?? []).slice(0, MEASURED);
  const ahead = songs.flatMap((song) => song.takes.map(({ eta }) => eta ?? 0));
  return { ahead: Math.max(0, ...ahead), paces: paces.length ? [Math.min(...paces), Math.max(...paces)] : null };
}

/** Seconds from the first start to the last end for a second of song; takes that are made together share them, and so do
 * candidates. */
export function paceOf(takes: Take[], candidates = 1): number | null {
  const done = takes.flatMap(({ started, finished, duration }) =>
    started && finished && duration ? { from: Date.parse(started), to: Date.parse(finished), duration } : [],
  );
  if (!done.length) return null;
  const spent = Math.max(...done.map(({ to }) => to)) - Math.min(...done.map(({ from }) => from));
  return spent / 1000 / candidates / done.reduce((sum, { duration }) => sum + duration, 0);
}

function songOptions(id: string) {
  return queryOptions({
    queryKey: ["song", id],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/songs/{song_id}", { params: { path: { song_id: id } }, signal })),
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

/** A song as some cached list has it. */
export function findSong(client: QueryClient, id: string): Song | undefined {
  const lists = client.getQueriesData<Pages>({ queryKey: ["songs"] });
  for (const [, data] of lists)
    for (const page of data?.pages ?? []) {
      const found = page.songs.find((song) => song.id === id);
      if (found) return found;
    }
  return client.getQueryData<Song>(["song", id]);
}

/** Changes cached songs wherever they are; null takes one out of the lists. */
export function patchSongs(client: QueryClient, change: (song: Song) => Song | null): void {
  client.setQueriesData<Pages>({ queryKey: ["songs"] }, (data) => {
    if (!data) return data;
    const pages = data.pages.map((page) => ({ ...page, songs: page.songs.flatMap((song) => change(song) ?? []) }));
    return { ...data, pages };
  });
  client.setQueriesData<Song>({ queryKey: ["song"] }, (song) => song && (change(song) ?? song));
}

export function patchSong(client: QueryClient, id: string, change: (song: Song) => Song | null): void {
  patchSongs(client, (song) => (song.id === id ? change(song) : song));
}

export async function refreshSong(client: QueryClient, id: string): Promise<void> {
  const song = await client.fetchQuery({ ...songOptions(id), staleTime: 0 });
  if (findSong(client, id)) patchSong(client, id, () => song);
}

let unanswered: { wish: string; key: string } | null = null;

/** The key of a wish: the same until it is answered, so that asking again after a lost answer makes no second song. */
export function keyOf(body: NewSong): string {
  const wish = JSON.stringify(body);
  if (unanswered?.wish !== wish) {
    // not `randomUUID`, which pages lack that are served without TLS to another machine
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    unanswered = { wish, key: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
  }
  return unanswered.key;
}

export function answered(): void {
  unanswered = null;
}

export function useCreateSong() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (request: NewSong | Promise<NewSong>) => {
      const body = await request;
      return answer(api.POST("/api/v1/songs", { body, params: { header: { "idempotency-key": keyOf(body) } } }));
    },
    onSuccess: (song) => {
      answered();
      client.setQueryData(["song", song.id], song);
      void client.invalidateQueries({ queryKey: ["songs"] });
    },
  });
}

export function useChangeSong() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string; title?: string; liked?: boolean }) =>
      answer(api.PATCH("/api/v1/songs/{song_id}", { params: { path: { song_id: id } }, body })),
    onMutate: ({ id, ...change }) => patchSong(client, id, (song) => ({ ...song, ...change })),
    onSettled: (_data, _error, { id }) => refreshSong(client, id),
  });
}

export function useSongAction() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, action }: { id: string; action: "cancel" | "retry" }) => {
      const params = { params: { path: { song_id: id } } };
      return answer<Song>(
        action === "cancel"
          ? api.POST("/api/v1/songs/{song_id}/cancel", params)
          : api.POST("/api/v1/songs/{song_id}/retry", params),
      );
    },
    onSuccess: (song) => patchSong(client, song.id, () => song),
  });
}
