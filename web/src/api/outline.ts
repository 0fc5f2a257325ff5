/** How the service reads a request, before a song is made. Lyrics are read nowhere else. */

import { queryOptions } from "@tanstack/react-query";
import { api, type NewSong, type Outline, unwrap } from "./client";
import { DEFAULT_SECONDS, LIMITS } from "./limits";

/** The fields of a request that its outline depends on. Without a `duration`, the lyrics set it. */
export type OutlineQuery = Pick<
  NewSong,
  "prompt" | "tags" | "lyrics" | "chords" | "instrumental" | "model" | "duration"
>;

const fetchOutline = (body: OutlineQuery, signal: AbortSignal): Promise<Outline> =>
  unwrap(api.POST("/api/v1/outline", { body, signal }));

/** The length of a song in seconds: the chosen one, or what its lyrics need, rounded up to 5. */
export function lengthOf(chosen: number | null | undefined, wanted: number | null, maxSeconds: number): number {
  const fitting = wanted === null ? DEFAULT_SECONDS : Math.ceil(wanted / 5) * 5;
  return Math.min(maxSeconds, Math.max(LIMITS.duration[0], chosen ?? fitting));
}

/** The outline of a request. Without a chosen length, the first answer gives the length that the lyrics need, and the
 * request is read again with it: the remarks have to hold for the song that will be made. */
export function outlineOptions(query: OutlineQuery, maxSeconds: number) {
  return queryOptions({
    queryKey: ["outline", query, maxSeconds],
    queryFn: async ({ signal }) => {
      const chosen = query.duration == null ? null : lengthOf(query.duration, null, maxSeconds);
      const outline = await fetchOutline({ ...query, duration: chosen }, signal);
      if (chosen !== null || outline.seconds === null) return outline;
      return fetchOutline({ ...query, duration: lengthOf(null, outline.seconds, maxSeconds) }, signal);
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
  });
}
