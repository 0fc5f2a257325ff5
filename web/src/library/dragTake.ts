import type { DragEvent } from "react";
import { downloadUrl, type Take } from "../api/client";
import { useSettings } from "../app/settings";

/** The file that a drag out of the browser makes: `MEDIA TYPE:NAME:ADDRESS`, as Chromium reads it. */
export function dragData(title: string, take: Pick<Take, "id" | "number">, tagged: boolean, base: string) {
  const url = new URL(downloadUrl(take.id, "wav", tagged), base).href;
  const name = title.replace(/[<>:"/\\|?*\p{Cc}]+/gu, "-").slice(0, 100);
  return { url, file: `audio/wav:${name}-${take.number}.wav:${url}` };
}

/** Lets a take be dropped on the desktop or into a DAW. Other browsers than Chromium drop its address. */
export function dragTake({ dataTransfer }: DragEvent, title: string, take: Take): void {
  const { url, file } = dragData(title, take, useSettings.getState().tagged, location.href);
  dataTransfer.effectAllowed = "copyLink";
  dataTransfer.setData("DownloadURL", file);
  dataTransfer.setData("text/uri-list", url);
  dataTransfer.setData("text/plain", url);
}
