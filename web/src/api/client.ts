/** The API client, typed by the OpenAPI document; a failed request throws a `Refusal`. */

import createClient, { type Middleware } from "openapi-fetch";
import type { AUDIO_FORMATS, LYRIC_FORMATS } from "./limits";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Song = Schemas["Song"];
export type Take = Schemas["Take"];
export type NewSong = Schemas["NewSong"];
export type NewExtend = Schemas["NewExtend"];
export type NewEdit = Schemas["NewEdit"];
export type NewVariation = Schemas["NewVariation"];
export type Version = Schemas["Version"];
export type Versions = Schemas["Versions"];
export type SongRequest = Schemas["Request"];
export type Outline = Omit<Schemas["RequestOutline"], "outline">;
export type Section = Schemas["OutlineSection"];
export type Remark = Schemas["Remark"];
export type Songs = Schemas["Songs"];
export type SongEvent = Schemas["Event"];
export type Peaks = Schemas["Peaks"];
export type Model = Schemas["Model"];
export type Status = Schemas["Status"];
export type Problem = Schemas["Problem"];
export type Playlist = Schemas["Playlist"];
export type PlaylistSongs = Schemas["PlaylistSongs"];
export type Preset = Schemas["Preset"];
export type AudioFormat = (typeof AUDIO_FORMATS)[number];
export type LyricFormat = (typeof LYRIC_FORMATS)[number];

/** A refused request. `kind` is the problem's id ("busy", "invalid", ...), "offline" if no server answered; `reason` is the
 * cause ("storage-full", ...) where the server knows it. */
export class Refusal extends Error {
  constructor(
    readonly kind: string,
    detail: string,
    readonly retryAfter: number | null = null,
    readonly reason: string | null = null,
  ) {
    super(detail);
  }
}

const refuse: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await refusalOf(response);
  },
  onError: () => new Refusal("offline", ""),
};

async function refusalOf(response: Response): Promise<Refusal> {
  const problem: Partial<Problem> = await response.json().catch(() => ({}));
  const kind = problem.type?.split("#")[1] ?? (response.status >= 500 ? "internal" : "bad-request");
  return new Refusal(kind, problem.detail ?? "", problem.retry_after ?? null, problem.kind ?? null);
}

export const api = createClient<paths>({ baseUrl: location.origin });
api.use(refuse);

/** The data of a response; refusals have been thrown by then. */
export async function unwrap<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

export const audioUrl = (take: string, format: AudioFormat) => `/api/v1/takes/${take}/audio.${format}`;
/** A take that is being made, from its beginning. */
export const liveUrl = (take: string) => `/api/v1/takes/${take}/live`;
export const downloadUrl = (take: string, format: AudioFormat, tagged: boolean) =>
  `${audioUrl(take, format)}?download=true${tagged ? "" : "&tags=false"}`;
export const lyricsUrl = (take: string, format: LyricFormat) => `/api/v1/takes/${take}/lyrics.${format}?download=true`;

export const shareUrl = (take: string) => `/api/v1/takes/${take}/share.html`;
/** Takes in one zip file. */
export const MOST_ARCHIVED = 200;
export const archiveUrl = (takes: readonly string[], format: AudioFormat, tagged: boolean) =>
  `/api/v1/takes.zip?${takes.map((id) => `take=${id}&`).join("")}format=${format}${tagged ? "" : "&tags=false"}`;

export const metadataUrl = (take: string) => `/api/v1/takes/${take}/metadata`;

/** The format to play: the stored FLAC on this machine; over a network Opus, or MP3 where the browser lacks that. */
export function playableFormat(host = location.hostname): AudioFormat {
  if (/^(localhost|127\.|\[::1\])/.test(host)) return "flac";
  return document.createElement("audio").canPlayType('audio/ogg; codecs="opus"') ? "opus" : "mp3";
}
