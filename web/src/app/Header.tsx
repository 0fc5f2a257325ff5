import { Keyboard, Languages, Monitor, Moon, Sun } from "lucide-react";
import { useModels, useStatus } from "../api/catalogue";
import { useConnection } from "../api/events";
import { noteText } from "../api/problems";
import { useSongs } from "../api/songs";
import { useText } from "../i18n";
import { shortName } from "../library/song";
import { IconButton } from "../ui/Button";
import { Shortcuts } from "./Shortcuts";
import { type Theme, useSettings } from "./settings";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: Monitor, light: Sun, dark: Moon };

export function Header() {
  const { theme, language, set } = useSettings();
  const { t } = useText();
  const Icon = ICONS[theme];
  return (
    <header className="flex h-14 shrink-0 items-center gap-1 low:h-10 border-b border-line bg-surface px-3 sm:px-5">
      <a href="#/" className="flex h-10 items-center gap-2.5 rounded-lg pr-2 text-lg font-semibold tracking-tight">
        <Mark />
        Khala
      </a>
      <ServiceStatus />
      <Shortcuts
        trigger={
          <IconButton label={t("keys.name")} className="max-lg:hidden">
            <Keyboard />
          </IconButton>
        }
      />
      <IconButton
        label={t("app.language")}
        lang={language === "en" ? "zh-Hans" : "en"}
        onClick={() => set({ language: language === "en" ? "zh" : "en" })}
      >
        <Languages />
      </IconButton>
      <IconButton label={t(`theme.${theme}`)} onClick={() => set({ theme: NEXT[theme] })}>
        <Icon />
      </IconButton>
    </header>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" className="size-7" aria-hidden="true">
      <rect width="32" height="32" rx="10" className="fill-accent" />
      <path
        d="M8 13v6M12 9v14M16 12v8M20 7v18M24 13v6"
        className="stroke-on-accent"
        strokeWidth="2.4"
        strokeLinecap="round"
      />
    </svg>
  );
}

/** The model in use, or what keeps songs from being made. */
function ServiceStatus() {
  const { data: status } = useStatus();
  const { standard: model } = useModels();
  const lost = useConnection((state) => state.lost);
  const { data: songs } = useSongs("");
  const { t } = useText();
  const takes = songs?.pages[0]?.songs.flatMap((song) => song.takes) ?? [];
  const note = takes.map((take) => noteText(take, t)).find(Boolean);
  const [text, colour] = lost
    ? [t("service.lost"), "bg-danger"]
    : !status
      ? ["", "bg-line"]
      : note
        ? [t("song.waits", { note }), "bg-warn"]
        : status.workers.length
          ? [[model && shortName(model.name), t("service.ready")].filter(Boolean).join(" · "), "bg-accent"]
          : [t("service.noWorker"), "bg-warn"];
  return (
    <p role="status" className="mr-auto ml-2 flex min-w-0 items-center gap-2 text-sm text-muted sm:ml-4">
      <span aria-hidden="true" className={`size-2 shrink-0 rounded-full ${colour}`} />
      <span className="truncate" title={text}>
        {text}
      </span>
    </p>
  );
}
