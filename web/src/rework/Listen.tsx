import { Pause, Play } from "lucide-react";
import { useEffect, useState } from "react";
import type { Song, Take } from "../api/client";
import { useText } from "../i18n";
import { play, setLoop, toggle, usePlayer } from "../player/store";
import { Button } from "../ui/Button";
import type { Span } from "./landmarks";

/** Plays a stretch of the take again and again, also as it changes, until the form is closed. */
export function Listen({ song, take, span: { start, end } }: { song: Song; take: Take; span: Span }) {
  const { t } = useText();
  const [loops, setLoops] = useState(false);
  const playing = usePlayer((player) => player.playing && player.take?.id === take.id);
  useEffect(() => {
    if (!loops) return;
    setLoop({ start, end });
    return () => setLoop(null);
  }, [loops, start, end]);
  const press = () => {
    if (playing) return toggle();
    play(song, take, start);
    setLoops(true);
  };
  return (
    <Button size="sm" onClick={press}>
      {playing ? (
        <Pause className="size-3.5" fill="currentColor" aria-hidden="true" />
      ) : (
        <Play className="size-3.5" fill="currentColor" aria-hidden="true" />
      )}
      {t(playing ? "player.pause" : "rework.listen")}
    </Button>
  );
}
