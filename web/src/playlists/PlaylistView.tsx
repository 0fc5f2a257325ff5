import { Download, Play, Trash2 } from "lucide-react";
import { useEffect, useMemo } from "react";
import { archiveUrl, MOST_ARCHIVED, type PlaylistSongs, Refusal } from "../api/client";
import { AUDIO_FORMATS } from "../api/limits";
import { useChangePlaylist, useCreatePlaylist, useDeletePlaylist, usePlaylist } from "../api/playlists";
import { problemText } from "../api/problems";
import { go, listHref } from "../app/route";
import { useSettings } from "../app/settings";
import { useProblemToast, useUndoToast } from "../app/toasts";
import { useText } from "../i18n";
import { usePendingDeletions } from "../library/deletion";
import { FormatMenu } from "../library/FormatMenu";
import { TagsItem } from "../library/TagsItem";
import { followList, playTracks, type Track } from "../player/queue";
import { Button, IconButton } from "../ui/Button";
import { EditableName } from "../ui/EditableName";
import { clock } from "../ui/format";
import { PlaylistRows } from "./PlaylistRows";
import { PlaylistStrip } from "./PlaylistStrip";

/** A playlist: its takes in order, to be played, moved and taken out. */
export function PlaylistView({ id }: { id: string }) {
  const { data: list, error } = usePlaylist(id);
  const { t } = useText();
  return (
    <section aria-label={t("list.name")} className="flex min-h-0 flex-1 flex-col low:block low:overflow-y-auto">
      <div className="pt-3">
        <PlaylistStrip />
      </div>
      {list ? (
        <Tracks list={list} />
      ) : (
        error && (
          <p className="px-6 py-10 text-center text-muted">
            {error instanceof Refusal && error.kind === "not-found" ? t("list.gone") : problemText(error, t).title}
          </p>
        )
      )}
    </section>
  );
}

function Tracks({ list }: { list: PlaylistSongs }) {
  const tracks = useTracks(list);
  const playable = tracks.filter(({ take }) => take.state === "done");
  const change = useChangePlaylist();
  const showProblem = useProblemToast();
  const { tagged } = useSettings();
  const { t } = useText();
  const seconds = tracks.reduce((sum, { take }) => sum + (take.duration ?? 0), 0);
  useEffect(
    () =>
      followList(
        list.id,
        tracks.filter(({ take }) => take.state === "done"),
      ),
    [list.id, tracks],
  );
  return (
    <>
      <header className="flex flex-wrap items-center gap-x-2 gap-y-3 px-5 pt-3 pb-4 sm:px-7">
        <div className="mr-auto min-w-40 flex-1">
          <EditableName
            name={list.name}
            className="text-2xl"
            save={(name) => name && change.mutate({ id: list.id, name }, { onError: showProblem })}
          >
            <h1 className="line-clamp-2 text-2xl font-semibold tracking-tight wrap-anywhere">{list.name}</h1>
          </EditableName>
          <p className="text-sm text-muted tabular-nums">
            {[t("takes.count", { n: tracks.length }), seconds && clock(seconds)].filter(Boolean).join(" · ")}
          </p>
        </div>
        <div className="flex items-center gap-1">
          <Button look="primary" disabled={!playable.length} onClick={() => playTracks(playable, list.id)}>
            <Play className="size-4" fill="currentColor" aria-hidden="true" />
            {t("list.play")}
          </Button>
          <FormatMenu
            trigger={
              <IconButton
                label={t(playable.length > MOST_ARCHIVED ? "list.tooMany" : "list.download", { n: MOST_ARCHIVED })}
                disabled={!playable.length || playable.length > MOST_ARCHIVED}
              >
                <Download />
              </IconButton>
            }
            items={AUDIO_FORMATS.map((format) => ({
              format,
              hint: t(`format.${format}`),
              href: archiveUrl(
                playable.map(({ take }) => take.id),
                format,
                tagged,
              ),
            }))}
          >
            <TagsItem />
          </FormatMenu>
          <DeleteButton list={list} />
        </div>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-6 sm:px-4">
        {tracks.length ? (
          <PlaylistRows
            list={list.id}
            tracks={tracks}
            play={(take) =>
              playTracks(
                playable,
                list.id,
                playable.findIndex((track) => track.take.id === take),
              )
            }
          />
        ) : (
          <p className="px-6 py-10 text-center text-balance text-muted">{t("list.empty")}</p>
        )}
      </div>
    </>
  );
}

/** The takes of a list with their songs, without those that are about to be deleted. */
function useTracks({ takes, songs }: PlaylistSongs): Track[] {
  const deleted = usePendingDeletions((state) => state.songs);
  return useMemo(() => {
    const tracks = songs.flatMap((song) => song.takes.map((take) => ({ song, take })));
    const byId = new Map(tracks.map((track) => [track.take.id, track]));
    return takes.flatMap((id) => byId.get(id) ?? []).filter(({ song }) => !(song.id in deleted));
  }, [takes, songs, deleted]);
}

/** Deletes the list at once; to undo that is to make the same list again. */
function DeleteButton({ list }: { list: PlaylistSongs }) {
  const remove = useDeletePlaylist();
  const create = useCreatePlaylist();
  const offerUndo = useUndoToast();
  const showProblem = useProblemToast();
  const { t } = useText();
  const { name, takes } = list;
  const makeAgain = () => void create.mutateAsync({ name, takes }).then(({ id }) => go(listHref(id)), showProblem);
  const deleted = () => offerUndo(t("song.deleted", { title: name }), makeAgain);
  const press = () => {
    go(listHref(null));
    remove.mutateAsync(list.id).then(deleted, showProblem); // this button is gone by then
  };
  return (
    <IconButton label={t("list.delete")} disabled={remove.isPending} onClick={press}>
      <Trash2 />
    </IconButton>
  );
}
