import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Outline } from "../api/client";
import { outlineOptions } from "../api/outline";
import { isReady, outlineQueryOf, useDraft } from "./draft";
import { useMaxSeconds } from "./maxSeconds";

const PAUSE_MS = 300;

/** The outline of the draft, fetched when typing pauses; the last one until the next arrives. */
export function useOutline(): { outline: Outline | undefined; error: unknown } {
  const draft = useDraft();
  const maxSeconds = useMaxSeconds();
  const [paused, setPaused] = useState(draft);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(draft), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  const enabled = isReady(paused);
  const { data, error } = useQuery({
    ...outlineOptions(outlineQueryOf(paused), maxSeconds),
    enabled,
    placeholderData: keepPreviousData,
  });
  return enabled && isReady(draft) ? { outline: data, error } : { outline: undefined, error: null };
}
