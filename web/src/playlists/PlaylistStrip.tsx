import { Plus } from "lucide-react";
import { useEffect, useRef } from "react";
import { usePlaylists } from "../api/playlists";
import { go, listHref, useRoute } from "../app/route";
import { useText } from "../i18n";
import { useNewPlaylist } from "./AddToPlaylist";

const CHIP =
  "inline-flex h-8 max-w-56 shrink-0 items-center gap-1.5 rounded-full px-3.5 text-sm font-medium text-muted hover:bg-sunk hover:text-ink aria-[current]:bg-accent-soft aria-[current]:text-accent pointer-coarse:h-10";

/** Links to all songs and to each playlist, and a button for a new one. */
export function PlaylistStrip() {
  const lists = usePlaylists();
  const { list } = useRoute();
  const create = useNewPlaylist();
  const { t } = useText();
  const box = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chip to show depends on what is current
  useEffect(() => {
    box.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [list, lists.length]);
  return (
    <nav ref={box} aria-label={t("list.all")} className="flex gap-1 overflow-x-auto px-4 py-1.5 sm:px-6">
      {[{ id: null, name: t("list.songs") }, ...lists].map(({ id, name }) => (
        <a key={id} href={listHref(id)} aria-current={id === list ? "page" : undefined} className={CHIP}>
          <span className="truncate">{name}</span>
        </a>
      ))}
      <button type="button" className={CHIP} onClick={() => create([], ({ id }) => go(listHref(id)))}>
        <Plus className="size-4" aria-hidden="true" />
        {t("list.new")}
      </button>
    </nav>
  );
}
