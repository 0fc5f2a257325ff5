/** Models, tags and state of the service; peaks and records of takes. */

import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "./client";

const NEVER_STALE = { staleTime: Number.POSITIVE_INFINITY };

export function useModels() {
  const query = useQuery({ queryKey: ["models"], queryFn: () => unwrap(api.GET("/api/v1/models")), staleTime: 60_000 });
  const models = query.data?.models ?? [];
  return { ...query, models, standard: models.find((model) => model.default) ?? models[0] };
}

export function useLoras() {
  const query = useQuery({ queryKey: ["loras"], queryFn: () => unwrap(api.GET("/api/v1/loras")), staleTime: 60_000 });
  return query.data?.loras ?? [];
}

export function useTags() {
  return useQuery({ queryKey: ["tags"], queryFn: () => unwrap(api.GET("/api/v1/tags")), ...NEVER_STALE });
}

export function useStatus() {
  return useQuery({
    queryKey: ["status"],
    queryFn: () => unwrap(api.GET("/api/v1/status")),
    staleTime: 10_000,
    refetchInterval: ({ state }) => (state.data?.workers.length ? false : 5_000),
  });
}

export function usePeaks(take: string | null) {
  return useQuery({
    queryKey: ["peaks", take],
    queryFn: () => unwrap(api.GET("/api/v1/takes/{take_id}/peaks", { params: { path: { take_id: take! } } })),
    enabled: take !== null,
    ...NEVER_STALE,
  });
}

/** The lyrics of a take that is being made, with the times of the words so far, as in its record to be. */
export function useWordsSoFar(take: string | null) {
  return useQuery({
    queryKey: ["words", take],
    queryFn: async () => {
      const path = { take_id: take!, format: "json" as const };
      return { lyrics: await unwrap(api.GET("/api/v1/takes/{take_id}/lyrics.{format}", { params: { path } })) };
    },
    enabled: take !== null,
    retry: false,
    ...NEVER_STALE,
  });
}

export function useMetadata(take: string | null) {
  return useQuery({
    queryKey: ["metadata", take],
    queryFn: () => unwrap(api.GET("/api/v1/takes/{take_id}/metadata", { params: { path: { take_id: take! } } })),
    enabled: take !== null,
    ...NEVER_STALE,
  });
}
