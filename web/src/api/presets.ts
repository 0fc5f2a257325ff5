/** Presets: the caller's settings under names. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type NewSong, unwrap } from "./client";
import { renew } from "./query";

const KEY = ["presets"];

export function usePresets() {
  const query = useQuery({ queryKey: KEY, queryFn: () => unwrap(api.GET("/api/v1/presets")) });
  return query.data?.presets ?? [];
}

export function useSavePreset() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; settings: NewSong }) => unwrap(api.POST("/api/v1/presets", { body })),
    onSuccess: () => renew(client, KEY),
  });
}

export function useDeletePreset() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/api/v1/presets/{preset_id}", { params: { path: { preset_id: id } } })),
    onSuccess: () => renew(client, KEY),
  });
}
