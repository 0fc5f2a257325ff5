/** What the service offers: models, tags, its state; peaks and records of takes. */

import { useQuery } from "@tanstack/react-query";
import { answer, api } from "./client";

const FOR_EVER = { staleTime: Number.POSITIVE_INFINITY };

export function useModels() {
  const query = useQuery({ queryKey: ["models"], queryFn: () => answer(api.GET("/api/v1/models")), staleTime: 60_000 });
  const models = query.data?.models ?? [];
  return { ...query, models, standard: models.find((model) => model.default) ?? models[0] };
}

export function useTags() {
  return useQuery({ queryKey: ["tags"], queryFn: () => answer(api.GET("/api/v1/tags")), ...FOR_EVER });
}

export function useStatus() {
  return useQuery({
    queryKey: ["status"],
    queryFn: () => answer(api.GET("/api/v1/status")),
    staleTime: 10_000,
    refetchInterval: ({ state }) => (state.data?.workers.length ? false : 5_000),
  });
}

export function usePeaks(take: string | null) {
  return useQuery({
    queryKey: ["peaks", take],
    queryFn: () => answer(api.GET("/api/v1/takes/{take_id}/peaks", { params: { path: { take_id: take! } } })),
    enabled: take !== null,
    ...FOR_EVER,
  });
}

export function useMetadata(take: string | null) {
  return useQuery({
    queryKey: ["metadata", take],
    queryFn: () => answer(api.GET("/api/v1/takes/{take_id}/metadata", { params: { path: { take_id: take! } } })),
    enabled: take !== null,
    ...FOR_EVER,
  });
}
