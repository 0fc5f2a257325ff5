import { Menu } from "@base-ui/react/menu";
import { Copy, Download, Ellipsis, FileHeart, RotateCcw, Sparkles, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { downloadUrl, type Song, shareUrl } from "../api/client";
import { AUDIO_FORMATS } from "../api/limits";
import { useSongAction } from "../api/songs";
import { go } from "../app/route";
import { useSettings } from "../app/settings";
import { useProblemToast } from "../app/toasts";
import { draftOf, useDraft } from "../create/draft";
import { useText } from "../i18n";
import { usePlayer } from "../player/store";
import { AddToPlaylistItem } from "../playlists/AddToPlaylist";
import { IconButton } from "../ui/Button";
import { useDeleteSongs } from "./deletion";
import { finished, isActive, titleOf } from "./song";
import { TagsItem } from "./TagsItem";

const ITEM =
  "flex h-10 w-full items-center gap-3 rounded-lg px-3 text-sm outline-none data-highlighted:bg-sunk [&>svg]:size-4 [&>svg]:text-muted";

/** The menu of a song. */
export function SongMenu({ song }: { song: Song }) {
  const { t, language } = useText();
  const action = useSongAction();
  const showProblem = useProblemToast();
  const remove = useDeleteSongs();
  const playing = usePlayer((player) => (player.song === song.id ? player.take : null));
  const takes = finished(song);
  const tagged = useSettings((settings) => settings.tagged);
  const reuse = (keepSeed: boolean) => {
    useDraft.getState().set(draftOf(song.request, keepSeed));
    go("#/");
  };
  const chosen = playing ?? takes[0] ?? song.takes[0];
  const ended = !isActive(song) && takes.length < song.takes.length;
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger render={<IconButton label={t("song.actions", { title: titleOf(song, language) })} />}>
        <Ellipsis />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4} className="z-40">
          <Menu.Popup className="min-w-56 rounded-2xl border border-line bg-surface p-1.5 shadow-float outline-none">
            <Menu.Item className={ITEM} onClick={() => reuse(false)}>
              <Sparkles />
              {t("song.reuse")}
            </Menu.Item>
            <Menu.Item className={ITEM} onClick={() => reuse(true)}>
              <Copy />
              {t("song.reuseSeed")}
            </Menu.Item>
            {ended && (
              <Menu.Item
                className={ITEM}
                onClick={() => action.mutate({ id: song.id, action: "retry" }, { onError: showProblem })}
              >
                <RotateCcw />
                {t("song.retry")}
              </Menu.Item>
            )}
            {chosen && <AddToPlaylistItem className={ITEM} takes={[chosen.id]} />}
            {takes[0] && (
              <Group label={t("song.download", { n: takes[0].number })}>
                {AUDIO_FORMATS.map((format) => (
                  <Menu.Item
                    key={format}
                    className={ITEM}
                    render={<a href={downloadUrl(takes[0]!.id, format, tagged)} download />}
                  >
                    <Download />
                    {format.toUpperCase()}
                  </Menu.Item>
                ))}
              </Group>
            )}
            {takes[0] && <TagsItem />}
            {takes[0] && (
              <Menu.Item
                className={ITEM}
                render={<a href={`${shareUrl((playing ?? takes[0]).id)}?download=true`} download />}
              >
                <FileHeart />
                {t("share.page")}
              </Menu.Item>
            )}
            <div className="my-1 h-px bg-line" />
            <Menu.Item className={`${ITEM} text-danger [&>svg]:!text-danger`} onClick={() => remove([song])}>
              <Trash2 />
              {t("song.delete")}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Group({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Menu.Group>
      <div className="my-1 h-px bg-line" />
      <Menu.GroupLabel className="px-3 pt-1.5 pb-1 text-xs font-medium text-muted">{label}</Menu.GroupLabel>
      <div className="grid grid-cols-2">{children}</div>
    </Menu.Group>
  );
}
