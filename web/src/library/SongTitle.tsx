import { Pencil } from "lucide-react";
import { useState } from "react";
import type { Song } from "../api/client";
import { LIMITS } from "../api/limits";
import { useChangeSong } from "../api/songs";
import { useProblemToast } from "../app/toasts";
import { useText } from "../i18n";
import { IconButton } from "../ui/Button";
import { titleOf } from "./song";

/** The title, to be edited in place: Enter saves, Escape cancels. */
export function SongTitle({ song }: { song: Song }) {
  const [typed, setTyped] = useState<string | null>(null);
  const change = useChangeSong();
  const showProblem = useProblemToast();
  const { t, language } = useText();
  const save = () => {
    const title = typed?.trim();
    if (title !== undefined && title !== titleOf(song, language))
      change.mutate({ id: song.id, title }, { onError: showProblem });
    setTyped(null);
  };
  if (typed !== null)
    return (
      <input
        // biome-ignore lint/a11y/noAutofocus: it replaces the button that was just pressed
        autoFocus
        aria-label={t("song.rename")}
        className="field !px-2 !py-1 text-xl font-semibold tracking-tight sm:text-2xl"
        maxLength={LIMITS.title}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={save}
        onFocus={(event) => event.currentTarget.select()}
        onKeyDown={(event) => {
          if (event.key === "Enter") save();
          if (event.key === "Escape") setTyped(null);
        }}
      />
    );
  return (
    <div className="group flex items-start gap-1">
      <h1
        title={titleOf(song, language)}
        className="line-clamp-4 min-w-0 text-xl leading-tight font-semibold tracking-tight text-balance wrap-anywhere sm:text-3xl"
      >
        {titleOf(song, language)}
      </h1>
      <IconButton
        label={t("song.rename")}
        size="sm"
        className="opacity-60 pointer-coarse:-mt-2 group-hover:opacity-100 focus-visible:opacity-100"
        onClick={() => setTyped(titleOf(song, language))}
      >
        <Pencil />
      </IconButton>
    </div>
  );
}
