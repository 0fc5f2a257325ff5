import { ListMusic, Sparkles } from "lucide-react";
import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { useEvents } from "../api/events";
import { useSong } from "../api/songs";
import { CreatePane } from "../create/CreatePane";
import { useText } from "../i18n";
import { usePendingDeletions } from "../library/deletion";
import { Library } from "../library/Library";
import { SongView } from "../library/SongView";
import { titleOf } from "../library/words";
import { Beside, useBeside } from "../player/Beside";
import { useMediaSession, usePlayerKeys } from "../player/keys";
import { Player } from "../player/Player";
import { Header } from "./Header";
import { KeyGate } from "./KeyGate";
import { useRoute } from "./route";
import { Toasts } from "./toasts";

/** The studio: create on the left, songs on the right, the open song beside them where there is room. */
export function App() {
  const route = useRoute();
  const { t } = useText();
  const beside = useBeside();
  const main = useFocusOnVisit(route.song ?? route.view);
  return (
    <KeyGate>
      <Live />
      <div className="flex h-dvh flex-col">
        <Header />
        <main ref={main} className="flex min-h-0 flex-1">
          <Pane
            shown={route.view === "create"}
            className={`border-line bg-surface/60 lg:w-[26.5rem] lg:shrink-0 lg:border-r ${beside ? "lg:max-xl:!hidden" : ""}`}
          >
            <CreatePane />
          </Pane>
          <Pane
            shown={route.view === "library"}
            className={`min-w-0 flex-1 ${route.song ? "lg:hidden 2xl:flex" : "lg:flex"}`}
          >
            <Library />
          </Pane>
          {route.song && (
            <Pane shown className="min-w-0 flex-1 border-line 2xl:max-w-[44rem] 2xl:border-l">
              <SongView id={route.song} />
            </Pane>
          )}
          {beside && <Beside song={beside} className="w-80 shrink-0 border-l max-lg:hidden" />}
        </main>
        <Player />
        <nav
          aria-label={t("app.places")}
          className="grid grid-cols-2 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:hidden"
        >
          <Place href="#/" current={route.view === "create"} icon={<Sparkles />} name={t("create.name")} />
          <Place href="#/library" current={route.view !== "create"} icon={<ListMusic />} name={t("library.name")} />
        </nav>
      </div>
      <Toasts />
    </KeyGate>
  );
}

/** What runs beside the page as long as it is open. */
function Live() {
  useEvents();
  usePlayerKeys();
  useMediaSession();
  usePendingDeletions();
  usePageTitle();
  return null;
}

/** Names the window after the place, as tabs and screen readers tell it. */
function usePageTitle(): void {
  const { view, song: id } = useRoute();
  const { data: song } = useSong(id);
  const { t, language } = useText();
  const place = song ? titleOf(song, language) : t(view === "library" ? "library.name" : "create.name");
  useEffect(() => {
    document.title = `${place} · Khala`;
  }, [place]);
}

/** Who follows a link goes on from where it leads, as on a page that is loaded. */
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

/** A column on a wide screen; on a narrow one the place that is shown. */
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

function Place({ href, current, icon, name }: { href: string; current: boolean; icon: ReactNode; name: string }) {
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
