import { Heart, ListChecks, Search } from "lucide-react";
import { type DragEvent, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import type { Song } from "../api/client";
import { problemText } from "../api/problems";
import { useSongs } from "../api/songs";
import { useRoute } from "../app/route";
import { useText } from "../i18n";
import { PlaylistStrip } from "../playlists/PlaylistStrip";
import { UploadButton } from "../rework/UploadButton";
import { SelectionBar } from "../selection/SelectionBar";
import { startSelecting } from "../selection/store";
import { useRowSelection } from "../selection/useRowSelection";
import { Button, IconButton } from "../ui/Button";
import { usePendingDeletions } from "./deletion";
import { dragTake } from "./dragTake";
import { SongRow } from "./SongRow";
import { finished, titleOf } from "./song";
import { Welcome } from "./Welcome";

/** All songs, newest first, with search and endless scrolling. */
export function Library() {
  const [query, setQuery] = useState("");
  const [liked, setLiked] = useState(false);
  const songs = useSongs(useDeferredValue(query.trim()));
  const deleted = usePendingDeletions((state) => state.songs);
  const { t } = useText();
  const all = songs.data?.pages.flatMap((page) => page.songs) ?? [];
  const shown = all.filter((song) => !(song.id in deleted) && (!liked || song.liked));
  if (songs.isSuccess && !all.length && !query) return <Welcome />;
  return (
    <section aria-label={t("library.name")} className="flex min-h-0 flex-1 flex-col low:block low:overflow-y-auto">
      <header className="flex items-center gap-3 px-5 pt-5 pb-3 sm:px-7">
        <h1 className="text-2xl font-semibold tracking-tight max-sm:sr-only">{t("library.name")}</h1>
        <div className="relative ml-auto min-w-0 flex-1 sm:max-w-72">
          <Search
            className="pointer-events-none absolute top-1/2 left-3.5 size-4 -translate-y-1/2 text-muted"
            aria-hidden="true"
          />
          <input
            type="search"
            aria-label={t("library.search")}
            placeholder={t("library.search")}
            className="field !rounded-full !py-2 pl-10"
            value={query}
            onChange={(event) => setQuery(event.currentTarget.value)}
          />
        </div>
        <IconButton
          label={t("library.liked")}
          aria-pressed={liked}
          look={liked ? "soft" : "ghost"}
          onClick={() => setLiked(!liked)}
        >
          <Heart fill={liked ? "currentColor" : "none"} />
        </IconButton>
        <IconButton label={t("select.start")} onClick={startSelecting}>
          <ListChecks />
        </IconButton>
        <UploadButton />
      </header>
      <PlaylistStrip />
      <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-6 sm:px-4">
        {songs.isError && <LoadError error={songs.error} retry={() => void songs.refetch()} />}
        <SongList songs={shown} />
        {songs.isSuccess && !shown.length && <p className="px-3 py-10 text-center text-muted">{t("library.none")}</p>}
        {songs.hasNextPage && (
          <LoadMore
            key={all.length}
            load={() => void songs.fetchNextPage()}
            label={t("library.more")}
            busy={songs.isFetchingNextPage}
          />
        )}
      </div>
      <SelectionBar songs={shown} />
    </section>
  );
}

function SongList({ songs }: { songs: Song[] }) {
  const { song: open } = useRoute();
  const { language } = useText();
  const selection = useRowSelection(useMemo(() => songs.map(({ id }) => id), [songs]));
  const drag = (event: DragEvent) => {
    const row = (event.target as Element).closest<HTMLElement>("[data-song]");
    const song = songs.find(({ id }) => id === row?.dataset.song);
    const [take] = song ? finished(song) : [];
    if (song && take) dragTake(event, titleOf(song, language), take);
  };
  return (
    <ul className="space-y-0.5" onDragStart={drag} {...selection}>
      {songs.map((song) => (
        <SongRow key={song.id} song={song} open={song.id === open} />
      ))}
    </ul>
  );
}

/** Loads the next page when scrolled into view; also a button, for the keyboard. */
function LoadMore({ load, label, busy }: { load: () => void; label: string; busy: boolean }) {
  const end = useRef<HTMLDivElement>(null);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && latest.current(), {
      rootMargin: "400px",
    });
    observer.observe(end.current!);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={end} className="flex justify-center py-4">
      <Button size="sm" look="ghost" disabled={busy} onClick={load}>
        {label}
      </Button>
    </div>
  );
}

function LoadError({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useText();
  return (
    <div
      role="alert"
      className="mx-3 my-4 flex items-center justify-between gap-4 rounded-2xl bg-danger-soft px-4 py-3 text-danger"
    >
      {problemText(error, t).title}
      <Button size="sm" onClick={retry}>
        {t("app.retry")}
      </Button>
    </div>
  );
}
