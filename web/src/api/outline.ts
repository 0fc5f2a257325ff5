/** What the service makes of a request before a song is made of it: the one place where lyrics are read. */

import { queryOptions } from "@tanstack/react-query";
import { answer, api, type NewSong, type Outline } from "./client";

/** What of a request decides how its words are read; without a `duration` it is the one that they want. */
export type Words = Pick<NewSong, "prompt" | "tags" | "lyrics" | "instrumental" | "model" | "duration">;

const ask = (body: Words, signal: AbortSignal): Promise<Outline> =>
  answer(api.POST("/api/v1/outline", { body, signal }));

const SHORTEST = 5;
const USUAL = 60;

/** Seconds that a song lasts at most: as chosen, or else what its words want, in steps of 5. */
export function lengthOf(chosen: number | null | undefined, wanted: number | null, longest: number): number {
  const fitting = wanted === null ? USUAL : Math.ceil(wanted / 5) * 5;
  return Math.min(longest, Math.max(SHORTEST, chosen ?? fitting));
}

/** The outline of what would be asked for. Where the length follows the words it is known only when they have been read:
 * they are read again for that length, as what is said of it has to be true of the song. */
export function outlineOptions(words: Words, longest: number) {
  return queryOptions({
    queryKey: ["outline", words, longest],
    queryFn: async ({ signal }) => {
      const chosen = words.duration == null ? null : lengthOf(words.duration, null, longest);
      const outline = await ask({ ...words, duration: chosen }, signal);
      if (chosen !== null || outline.seconds === null) return outline;
      return ask({ ...words, duration: lengthOf(null, outline.seconds, longest) }, signal);
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
  });
}
