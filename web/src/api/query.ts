import { QueryClient } from "@tanstack/react-query";
import { Refusal } from "./client";

/** A refusal stays one; only a server that does not answer is asked again. */
const retry = (failures: number, error: Error) =>
  failures < 3 && !(error instanceof Refusal && error.kind !== "offline" && error.kind !== "unavailable");

/** The cache of what the server said. The server may be this very machine: whether there is a network says nothing of it. */
export const makeClient = () =>
  new QueryClient({
    defaultOptions: {
      queries: { retry, staleTime: 5_000, refetchOnWindowFocus: true, networkMode: "always" },
      mutations: { networkMode: "always" },
    },
  });
