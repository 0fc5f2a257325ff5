import { ArrowLeft, Heart } from "lucide-react";
import { useState } from "react";
import type { Song } from "../api/client";
import { problemText } from "../api/problems";
import { useChangeSong, useSong } from "../api/songs";
import { go, listHref, useRoute } from "../app/route";
import { useProblemToast } from "../app/toasts";
import { useText } from "../i18n";
import { showLyrics, usePlayer } from "../player/store";
import { Button, IconButton } from "../ui/Button";
import { Cover } from "../ui/Cover";
import { day } from "../ui/format";
import { Segmented } from "../ui/Segmented";
import { derivedText } from "../versions/text";
import { Versions } from "../versions/Versions";
import { SongFacts } from "./SongFacts";
import { SongLyrics } from "./SongLyrics";
import { SongMenu } from "./SongMenu";
import { SongTitle } from "./SongTitle";
import { shortName, styleOf, titleOf } from "./song";
import { TakeList } from "./TakeList";

/** One song: its takes, its lyrics and how it was made. */
export function SongView({ id }: { id: string }) {
  const { data: song, error, isPending } = useSong(id);
  const { list } = useRoute();
  const { t } = useText();
  return (
    <section aria-label={t("song.name")} className="flex min-h-0 flex-1 flex-col low:block low:overflow-y-auto">
      <div className="flex h-14 shrink-0 items-center px-3 sm:px-5">
        <Button look="ghost" size="sm" onClick={() => go(listHref(list))}>
          <ArrowLeft className="size-4" aria-hidden="true" />
          {t(list ? "list.name" : "library.name")}
        </Button>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-10 sm:px-7">
        {song ? (
          <SongPage key={song.id} song={song} />
        ) : (
          !isPending && <p className="py-10 text-center text-muted">{problemText(error, t).title}</p>
        )}
      </div>
    </section>
  );
}

type Tab = "lyrics" | "facts";

function SongPage({ song }: { song: Song }) {
  const [chosen, setTab] = useState<Tab>(song.request.lyrics ? "lyrics" : "facts");
  const lyricsShown = usePlayer((player) => player.lyricsShown && player.song === song.id);
  const { t } = useText();
  const tab = lyricsShown ? "lyrics" : chosen;
  return (
    <div className="mx-auto max-w-3xl space-y-8">
      <SongHeader song={song} />
      <TakeList song={song} />
      <Versions song={song} />
      <div>
        <Segmented<Tab>
          label={t("song.about")}
          value={tab}
          onChange={(tab) => {
            setTab(tab);
            if (lyricsShown) showLyrics(tab === "lyrics");
          }}
          className="mb-5 max-w-xs"
          options={[
            { value: "lyrics", label: t("create.lyrics") },
            { value: "facts", label: t("song.facts") },
          ]}
        />
        {tab === "lyrics" ? <SongLyrics song={song} /> : <SongFacts song={song} />}
      </div>
    </div>
  );
}

function SongHeader({ song }: { song: Song }) {
  const { t, locale, language } = useText();
  const change = useChangeSong();
  const showProblem = useProblemToast();
  const { request } = song;
  return (
    <header className="flex items-center gap-5">
      <Cover id={song.id} className="size-24 rounded-2xl sm:size-32" />
      <div className="min-w-0 flex-1">
        <SongTitle song={song} />
        <p className="mt-1 line-clamp-2 text-sm wrap-anywhere text-muted">{styleOf(request, language)}</p>
        <p className="mt-1 text-sm wrap-anywhere text-muted tabular-nums">
          {[derivedText(song, t), day(song.created, locale), shortName(request.model)].filter(Boolean).join(" · ")}
        </p>
        <div className="mt-2 -ml-2.5 flex items-center">
          <IconButton
            label={t(song.liked ? "song.unlike" : "song.like", { title: titleOf(song, language) })}
            aria-pressed={song.liked}
            className={song.liked ? "!text-accent" : ""}
            onClick={() => change.mutate({ id: song.id, liked: !song.liked }, { onError: showProblem })}
          >
            <Heart fill={song.liked ? "currentColor" : "none"} />
          </IconButton>
          <SongMenu song={song} />
        </div>
      </div>
    </header>
  );
}
