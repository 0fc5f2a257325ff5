import { X } from "lucide-react";
import type { Song } from "../api/client";
import { useText } from "../i18n";
import { SongLyrics } from "../library/SongLyrics";
import { titleOf } from "../library/words";
import { IconButton } from "../ui/Button";

/** The lyrics of what plays, beside the player whatever the page shows. */
export function Beside({ id, song, close }: { id: string; song: Song; close: () => void }) {
  const { t } = useText();
  return (
    <aside
      id={id}
      aria-label={t("create.lyrics")}
      className="absolute right-3 bottom-full mb-3 flex max-h-[min(36rem,62dvh)] w-[min(24rem,calc(100vw-1.5rem))] flex-col rounded-3xl border border-line bg-surface shadow-float sm:right-5"
    >
      <div className="flex items-center gap-3 pt-3 pr-3 pb-1 pl-6">
        <p className="min-w-0 flex-1 truncate font-medium">{titleOf(song)}</p>
        <IconButton label={t("player.lyricsOff")} size="sm" onClick={close}>
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
