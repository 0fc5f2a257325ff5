/** New songs made out of takes and of audio files. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type NewEdit, type NewExtend, type NewVariation, type Song, unwrap } from "./client";
import { renew } from "./query";
import { forgetKey, idempotencyKey } from "./songs";

/** What is made of a take. */
export type Rework =
  | { verb: "extend"; body: NewExtend }
  | { verb: "edit"; body: NewEdit }
  | { verb: "vary"; body: NewVariation };

export type Verb = Rework["verb"];

function send(take: string, rework: Rework): Promise<Song> {
  const params = { path: { take_id: take }, header: { "idempotency-key": idempotencyKey({ take, ...rework }) } };
  const { verb, body } = rework;
  if (verb === "extend") return unwrap(api.POST("/api/v1/takes/{take_id}/extend", { params, body }));
  if (verb === "edit") return unwrap(api.POST("/api/v1/takes/{take_id}/edit", { params, body }));
  return unwrap(api.POST("/api/v1/takes/{take_id}/vary", { params, body }));
}

export function useRework(take: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (rework: Rework) => send(take, rework),
    onSuccess: (song) => {
      forgetKey();
      client.setQueryData(["song", song.id], song);
      void renew(client, ["songs"]);
      void client.invalidateQueries({ queryKey: ["versions"] });
    },
  });
}

export function useUpload() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (file: File) =>
      unwrap(
        api.POST("/api/v1/uploads", {
          params: { query: { title: file.name.replace(/\.\w+$/, "") } },
          body: file as unknown as string, // how the types write binary data
          bodySerializer: (body) => body,
          headers: { "Content-Type": file.type || "application/octet-stream" },
        }),
      ),
    onSuccess: (song) => {
      client.setQueryData(["song", song.id], song);
      void renew(client, ["songs"]);
    },
  });
}
