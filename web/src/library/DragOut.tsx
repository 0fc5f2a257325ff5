import { Grip } from "lucide-react";
import { downloadUrl, type Song, type Take } from "../api/client";
import { useSettings } from "../app/settings";
import { useText } from "../i18n";
import { dragTake } from "./dragTake";
import { titleOf } from "./song";

/** A handle to drag a take to the desktop or into a DAW; a click saves the same file. Fingers cannot drag out of a browser. */
export function DragOut({ song, take }: { song: Song; take: Take }) {
  const { t, language } = useText();
  const tagged = useSettings((settings) => settings.tagged);
  const label = t("drag.take", { n: take.number });
  return (
    <a
      href={downloadUrl(take.id, "wav", tagged)}
      download
      aria-label={label}
      title={label}
      onDragStart={(event) => dragTake(event, titleOf(song, language), take)}
      className="grid size-10 shrink-0 cursor-grab place-items-center rounded-full text-muted hover:bg-sunk hover:text-ink pointer-coarse:hidden"
    >
      <Grip className="size-[1.15rem]" />
    </a>
  );
}
