import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Outline } from "../api/client";
import { outlineOptions } from "../api/outline";
import { isReady, useDraft, wordsOf } from "./draft";
import { useLongest } from "./longest";

const PAUSE_MS = 300;

/** What the service makes of the draft: asked when one pauses, the last answer while the next is under way. */
export function useOutline(): { outline: Outline | undefined; error: unknown } {
  const draft = useDraft();
  const longest = useLongest();
  const [paused, setPaused] = useState(draft);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(draft), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  const enabled = isReady(paused);
  const { data, error } = useQuery({
    ...outlineOptions(wordsOf(paused), longest),
    enabled,
    placeholderData: keepPreviousData,
  });
  return enabled && isReady(draft) ? { outline: data, error } : { outline: undefined, error: null };
}
