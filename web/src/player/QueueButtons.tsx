import { ChevronFirst, ChevronLast } from "lucide-react";
import { useEffect } from "react";
import { useText } from "../i18n";
import { IconButton } from "../ui/Button";
import { stepTrack, useQueuePlace } from "./queue";

const STEPS = [
  ["previoustrack", -1],
  ["nexttrack", 1],
] as const;

/** Buttons for the previous and the next track, while a playlist or selected songs play; media keys do the same. */
export function QueueButtons() {
  const { at, length } = useQueuePlace();
  const { t } = useText();
  const shown = at >= 0 && length > 1;
  useEffect(() => {
    if (!("mediaSession" in navigator)) return;
    for (const [action, step] of STEPS)
      navigator.mediaSession.setActionHandler(action, shown ? () => stepTrack(step) : null);
  }, [shown]);
  if (!shown) return null;
  return (
    <span className="flex items-center">
      <IconButton label={t("queue.previous")} disabled={at === 0} onClick={() => stepTrack(-1)}>
        <ChevronFirst />
      </IconButton>
      <span className="text-sm text-muted tabular-nums max-xl:hidden">
        {t("queue.place", { n: at + 1, of: length })}
      </span>
      <IconButton label={t("queue.next")} disabled={at === length - 1} onClick={() => stepTrack(1)}>
        <ChevronLast />
      </IconButton>
    </span>
  );
}
