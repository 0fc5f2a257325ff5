import { ListMusic, Sparkles } from "lucide-react";
import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { useEvents } from "../api/events";
import { useSong } from "../api/songs";
import { CreatePane } from "../create/CreatePane";
import { useText } from "../i18n";
import { useResumedDeletions } from "../library/deletion";
import { Library } from "../library/Library";
import { SongView } from "../library/SongView";
import { titleOf } from "../library/song";
import { useMediaSession, usePlayerKeys } from "../player/keys";
import { LyricsPanel, useLyricsPanel } from "../player/LyricsPanel";
import { Player } from "../player/Player";
import { PlaylistView } from "../playlists/PlaylistView";
import { Header } from "./Header";
import { KeyGate } from "./KeyGate";
import { useRoute } from "./route";
import { Toasts } from "./toasts";

/** The studio: create on the left, songs on the right, the open song beside them on wide screens. */
export function App() {
  const route = useRoute();
  const { t } = useText();
  const panelSong = useLyricsPanel();
  const main = useFocusOnVisit(route.song ?? route.list ?? route.view);
  return (
    <KeyGate>
      <Background />
      <div className="flex h-dvh flex-col">
        <Header />
        <main ref={main} className="flex min-h-0 flex-1">
          <Pane
            shown={route.view === "create"}
            className={`border-line bg-surface/60 lg:w-[26.5rem] lg:shrink-0 lg:border-r ${panelSong ? "lg:max-xl:!hidden" : ""}`}
          >
            <CreatePane />
          </Pane>
          <Pane
            shown={route.view === "library"}
            className={`min-w-0 flex-1 ${route.song ? "lg:hidden 2xl:flex" : "lg:flex"}`}
          >
            {route.list ? <PlaylistView key={route.list} id={route.list} /> : <Library />}
          </Pane>
          {route.song && (
            <Pane shown className="min-w-0 flex-1 border-line 2xl:max-w-[44rem] 2xl:border-l">
              <SongView id={route.song} />
            </Pane>
          )}
          {panelSong && <LyricsPanel song={panelSong} className="w-80 shrink-0 border-l max-lg:hidden" />}
        </main>
        <Player />
        <nav
          aria-label={t("app.places")}
          className="grid grid-cols-2 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:hidden"
        >
          <NavLink href="#/" current={route.view === "create"} icon={<Sparkles />} name={t("create.name")} />
          <NavLink href="#/library" current={route.view !== "create"} icon={<ListMusic />} name={t("library.name")} />
        </nav>
      </div>
      <Toasts />
    </KeyGate>
  );
}

/** Effects that run as long as the page is open. */
function Background() {
  useEvents();
  usePlayerKeys();
  useMediaSession();
  useResumedDeletions();
  usePageTitle();
  return null;
}

/** Sets the title of the window to the current view or song. */
function usePageTitle(): void {
  const { view, song: id } = useRoute();
  const { data: song } = useSong(id);
  const { t, language } = useText();
  const place = song ? titleOf(song, language) : t(view === "library" ? "library.name" : "create.name");
  useEffect(() => {
    document.title = `${place} · Khala`;
  }, [place]);
}

/** Moves the focus to the view that a link leads to, as loading a page would. */
function useFocusOnVisit(place: string): RefObject<HTMLElement | null> {
  const main = useRef<HTMLElement>(null);
  const last = useRef(place);
  useEffect(() => {
    if (last.current !== place)
      main.current?.querySelector<HTMLElement>("[data-shown]")?.focus({ preventScroll: true });
    last.current = place;
  }, [place]);
  return main;
}

/** A column on a wide screen; on a narrow one, shown only if it is the current view. */
function Pane({ shown, className, children }: { shown: boolean; className: string; children: ReactNode }) {
  return (
    <div
      data-shown={shown || undefined}
      tabIndex={-1}
      className={`outline-none min-h-0 flex-col max-lg:w-full lg:flex ${shown ? "flex" : "hidden"} ${className}`}
    >
      {children}
    </div>
  );
}

function NavLink({ href, current, icon, name }: { href: string; current: boolean; icon: ReactNode; name: string }) {
  return (
    <a
      href={href}
      aria-current={current ? "page" : undefined}
      className="flex h-14 flex-col items-center justify-center gap-0.5 low:h-10 low:flex-row low:gap-2 text-xs font-medium text-muted aria-[current]:text-accent [&>svg]:size-5"
    >
      {icon}
      {name}
    </a>
  );
}
