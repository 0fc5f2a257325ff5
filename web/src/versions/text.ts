/** Versions in words. */

import type { Song, Version } from "../api/client";
import type { Translate } from "../i18n";
import { clock } from "../ui/format";

/** What was made of a song, and where: "Edited, 0:32 – 0:48". A first version goes by its title. */
export function versionText(version: Pick<Version, "title" | "kind" | "start" | "end">, t: Translate): string {
  const { title, kind, start, end } = version;
  if (kind === null) return title || t("versions.first");
  return [t(`versions.${kind}`), rangeText({ start, end }, t)].filter(Boolean).join(", ");
}

function rangeText({ start, end }: Pick<Version, "start" | "end">, t: Translate): string {
  if (start === null) return "";
  return end === null ? t("versions.from", { time: clock(start) }) : `${clock(start)} – ${clock(end)}`;
}

/** How a song came to be, unless it was made from words alone. */
export function derivedText({ derived }: Song, t: Translate): string {
  return derived ? versionText({ ...derived, title: "" }, t) : "";
}
