import { CornerDownRight } from "lucide-react";
import type { Version } from "../api/client";
import { songHref } from "../app/route";
import { useText } from "../i18n";
import type { Name } from "../player/comparison";
import { clock, day } from "../ui/format";
import { versionText } from "./text";

interface Props {
  version: Version;
  depth: number;
  /** Whether it belongs to the song that is shown. */
  own: boolean;
  isHeard: boolean;
  isPlaying: boolean;
  /** Name of the radio buttons. */
  group: string;
  sides: Record<Name, boolean>;
  onChoose: (side: Name) => void;
}

const DEEPEST_INDENT = 6;

/** A version in the tree: what it is, and whether it is side A or B of the comparison. */
export function VersionRow({ version, depth, own, isHeard, isPlaying, group, sides, onChoose }: Props) {
  const { t, locale } = useText();
  const { title, kind, created, duration, deleted, state, song } = version;
  const text = versionText(version, t);
  const facts = [
    deleted ? t("versions.deleted") : state !== "done" ? t(`state.${state}`) : clock(duration ?? 0),
    day(created, locale),
  ];
  return (
    <li
      className={`relative flex items-center gap-2 rounded-xl border py-1.5 pr-2 pl-3 ${own ? "border-line bg-surface" : "border-transparent"}`}
      style={{ marginLeft: `${Math.min(depth, DEEPEST_INDENT) * 0.875}rem` }}
    >
      {depth > 0 && <CornerDownRight className="size-4 shrink-0 text-muted" aria-hidden="true" />}
      <div className="min-w-0 flex-1 text-sm">
        <p className={`truncate font-medium ${isPlaying ? "text-accent" : deleted ? "text-muted" : ""}`}>
          {deleted || own ? (
            text
          ) : (
            <a href={songHref(song)} className="hover:underline">
              {text}
            </a>
          )}
        </p>
        <p className="truncate text-muted tabular-nums">
          {[...facts, kind === null || title === "" ? "" : title].filter(Boolean).join(" · ")}
        </p>
      </div>
      {(["a", "b"] as const).map((side) => (
        <label
          key={side}
          className="relative grid size-8 shrink-0 place-items-center rounded-full text-sm font-medium text-muted has-checked:bg-accent-soft has-checked:text-accent has-disabled:opacity-45 has-focus-visible:outline-2 has-focus-visible:outline-accent pointer-coarse:size-10"
        >
          <input
            type="radio"
            name={`${group}-${side}`}
            aria-label={t("versions.choose", { side: side.toUpperCase(), version: text })}
            className="absolute inset-0 appearance-none rounded-full outline-none"
            disabled={!isHeard}
            checked={sides[side]}
            onChange={() => onChoose(side)}
          />
          {side.toUpperCase()}
        </label>
      ))}
    </li>
  );
}
