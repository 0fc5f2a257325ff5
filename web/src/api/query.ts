import { QueryClient, type QueryKey } from "@tanstack/react-query";
import { Refusal } from "./client";

/** Retries only where the server did not answer or is unavailable: any other refusal is final. */
const retry = (failures: number, error: Error) =>
  failures < 3 && !(error instanceof Refusal && error.kind !== "offline" && error.kind !== "unavailable");

/** The cache of the server's answers. Requests do not wait for a network: the server may be this machine. */
export const makeClient = () =>
  new QueryClient({
    defaultOptions: {
      queries: { retry, staleTime: 5_000, refetchOnWindowFocus: true, networkMode: "always" },
      mutations: { networkMode: "always" },
    },
  });

/** Asks anew after a change, without an answer that was asked for before it and may not know of it. */
export async function renew(client: QueryClient, queryKey: QueryKey): Promise<void> {
  await client.cancelQueries({ queryKey }); // a first answer that is on its way would do for `invalidateQueries`
  await client.invalidateQueries({ queryKey });
}
