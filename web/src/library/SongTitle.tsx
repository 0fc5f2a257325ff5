import type { Song } from "../api/client";
import { useChangeSong } from "../api/songs";
import { useProblemToast } from "../app/toasts";
import { useText } from "../i18n";
import { EditableName } from "../ui/EditableName";
import { titleOf } from "./song";

/** The title, to be edited in place. */
export function SongTitle({ song }: { song: Song }) {
  const change = useChangeSong();
  const showProblem = useProblemToast();
  const { language } = useText();
  const title = titleOf(song, language);
  return (
    <EditableName
      name={title}
      className="text-xl sm:text-2xl"
      save={(title) => change.mutate({ id: song.id, title }, { onError: showProblem })}
    >
      <h1
        title={title}
        className="line-clamp-4 min-w-0 text-xl leading-tight font-semibold tracking-tight text-balance wrap-anywhere sm:text-3xl"
      >
        {title}
      </h1>
    </EditableName>
  );
}
