import { X } from "lucide-react";
import type { Song } from "../api/client";
import { useSong } from "../api/songs";
import { useRoute } from "../app/route";
import { useText } from "../i18n";
import { SongLyrics } from "../library/SongLyrics";
import { titleOf } from "../library/song";
import { IconButton } from "../ui/Button";
import { showLyrics, usePlayer } from "./store";

/** The lyrics of the current song: a column where there is room, else over the page. */
export function LyricsPanel({ song, className }: { song: Song; className: string }) {
  const { t, language } = useText();
  return (
    <aside
      aria-label={t("create.lyrics")}
      onKeyDown={(event) => event.key === "Escape" && showLyrics(false)}
      className={`flex flex-col border-line bg-surface max-lg:max-h-[min(36rem,62dvh)] max-lg:w-[min(24rem,calc(100vw-1.5rem))] max-lg:rounded-3xl max-lg:border max-lg:shadow-float ${className}`}
    >
      <div className="flex items-center gap-3 pt-3 pr-3 pb-1 pl-6">
        <p className="min-w-0 flex-1 truncate font-medium">{titleOf(song, language)}</p>
        <IconButton label={t("player.lyricsOff")} size="sm" onClick={() => showLyrics(false)}>
          <X />
        </IconButton>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys have to reach it */}
      <div className="overflow-y-auto px-6 pt-2 pb-6" tabIndex={0}>
        <SongLyrics song={song} />
      </div>
    </aside>
  );
}

/** The song whose lyrics the panel shows, if any: the song's own page shows them itself. */
export function useLyricsPanel(): Song | undefined {
  const { data: song } = useSong(usePlayer(({ lyricsShown, song }) => (lyricsShown ? song : null)));
  const { song: open } = useRoute();
  return song?.id === open ? undefined : song;
}
