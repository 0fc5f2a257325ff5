/** The versions of a take: what it was made of, and what was made of it. */

import { type QueryClient, useQueries } from "@tanstack/react-query";
import { api, Refusal, type Take, unwrap, type Version, type Versions } from "./client";
import { songOptions } from "./songs";

function versionsOptions(take: string) {
  return {
    queryKey: ["versions", take],
    queryFn: () => unwrap(api.GET("/api/v1/takes/{take_id}/versions", { params: { path: { take_id: take } } })),
  };
}

/** All versions in the trees of the takes, each once. */
export function useVersions(takes: readonly string[]): Version[] {
  return useQueries({
    queries: takes.map(versionsOptions),
    combine: (answers) => joined(answers.map(({ data }) => data)),
  });
}

function joined(trees: readonly (Versions | undefined)[]): Version[] {
  const byId = new Map(trees.flatMap((tree) => tree?.versions ?? []).map((version) => [version.id, version]));
  return [...byId.values()];
}

/** The take of a version. Throws a `Refusal` if it is gone. */
export async function takeOf(client: QueryClient, { id, song }: Pick<Version, "id" | "song">): Promise<Take> {
  const { takes } = await client.fetchQuery(songOptions(song));
  const take = takes.find((take) => take.id === id);
  if (!take) throw new Refusal("not-found", "");
  return take;
}
