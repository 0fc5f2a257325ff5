import { Download, ListChecks, ListPlus, Play, Trash2, X } from "lucide-react";
import { archiveUrl, MOST_ARCHIVED, type Song } from "../api/client";
import { AUDIO_FORMATS } from "../api/limits";
import { useSettings } from "../app/settings";
import { useText } from "../i18n";
import { useDeleteSongs } from "../library/deletion";
import { FormatMenu } from "../library/FormatMenu";
import { finished } from "../library/song";
import { TagsItem } from "../library/TagsItem";
import { playTracks } from "../player/queue";
import { AddToPlaylist } from "../playlists/AddToPlaylist";
import { IconButton } from "../ui/Button";
import { endSelecting, selectAll, useSelection } from "./store";

/** What can be done to the selected songs among `songs`, while some are being selected. */
export function SelectionBar({ songs }: { songs: readonly Song[] }) {
  const { active, ids } = useSelection();
  const { tagged } = useSettings();
  const remove = useDeleteSongs();
  const { t } = useText();
  if (!active) return null;
  const chosen = songs.filter(({ id }) => ids.has(id));
  const tracks = chosen.flatMap((song) =>
    finished(song)
      .slice(0, 1)
      .map((take) => ({ song, take })),
  );
  const takes = chosen.flatMap((song) => finished(song).map(({ id }) => id));
  return (
    <div
      role="toolbar"
      aria-label={t("select.actions")}
      className="mx-3 mb-3 flex flex-wrap items-center rounded-3xl border border-line bg-surface py-1 pr-1.5 pl-5 sm:gap-1 shadow-float sm:mx-6"
    >
      <p role="status" className="mr-auto min-w-20 flex-1 text-sm font-medium tabular-nums">
        {t("select.count", { n: chosen.length })}
      </p>
      <IconButton label={t("select.all")} disabled={!songs.length} onClick={selectAll}>
        <ListChecks />
      </IconButton>
      <IconButton label={t("select.play")} disabled={!tracks.length} onClick={() => playTracks(tracks)}>
        <Play fill="currentColor" />
      </IconButton>
      <AddToPlaylist
        takes={chosen.flatMap((song) => (finished(song)[0] ?? song.takes[0])?.id ?? [])}
        trigger={
          <IconButton label={t("list.add")} disabled={!chosen.length}>
            <ListPlus />
          </IconButton>
        }
      />
      <FormatMenu
        trigger={
          <IconButton
            label={t(takes.length > MOST_ARCHIVED ? "select.tooMany" : "select.download", { n: MOST_ARCHIVED })}
            disabled={!takes.length || takes.length > MOST_ARCHIVED}
          >
            <Download />
          </IconButton>
        }
        items={AUDIO_FORMATS.map((format) => ({
          format,
          hint: t(`format.${format}`),
          href: archiveUrl(takes, format, tagged),
        }))}
      >
        <TagsItem />
      </FormatMenu>
      <IconButton
        label={t("select.delete")}
        disabled={!chosen.length}
        className="hover:!text-danger"
        onClick={() => {
          remove(chosen);
          endSelecting();
        }}
      >
        <Trash2 />
      </IconButton>
      <IconButton label={t("select.end")} onClick={endSelecting}>
        <X />
      </IconButton>
    </div>
  );
}
