import { useQueryClient } from "@tanstack/react-query";
import { ArrowLeftRight } from "lucide-react";
import { useId, useState } from "react";
import type { Song, Version } from "../api/client";
import { takeOf, useVersions } from "../api/versions";
import { useProblemToast } from "../app/toasts";
import { useText } from "../i18n";
import { compare, type Name, sideHeard, switchSides, useComparison } from "../player/comparison";
import { usePlayer } from "../player/store";
import { Button } from "../ui/Button";
import { rivalOf, treeOf } from "./tree";
import { VersionRow } from "./VersionRow";

/** The versions of a song as a tree, two of which can be compared; nothing as long as there is only the song itself. */
export function Versions({ song }: { song: Song }) {
  const client = useQueryClient();
  const showProblem = useProblemToast();
  const { t } = useText();
  const name = useId();
  const versions = useVersions(song.takes.map(({ id }) => id));
  const [chosen, setChosen] = useState<Partial<Record<Name, string>>>({});
  const sides = useComparison((comparison) => comparison.sides);
  const playing = usePlayer((player) => player.take?.id);
  if (versions.every(({ kind }) => kind === null || kind === "upload")) return null;

  const heard = versions.filter(isHeard);
  const own = heard.find(({ song: id }) => id === song.id) ?? heard[0];
  const at = (side: Name) => heard.find(({ id }) => id === (chosen[side] ?? sides?.[side].take.id));
  const b = at("b") ?? own;
  const a = at("a") ?? (b && (rivalOf(b.id, heard) ?? heard.find(({ id }) => id !== b.id)));
  const isRunning = a && b && sides?.a.take.id === a.id && sides.b.take.id === b.id;
  const start = async (sides: Record<Name, Version>, first: Name) => {
    try {
      const [one, two] = await Promise.all([takeOf(client, sides.a), takeOf(client, sides.b)]);
      compare({ a: { song: sides.a.song, take: one }, b: { song: sides.b.song, take: two } }, first);
    } catch (error) {
      showProblem(error);
    }
  };
  const press = () => {
    if (isRunning) return switchSides();
    if (a && b) void start({ a, b }, playing === a.id ? "b" : "a");
  };
  const choose = (side: Name, version: Version) => {
    setChosen({ ...chosen, [side]: version.id });
    const next = { a, b, [side]: version };
    if (sides && next.a && next.b) void start({ a: next.a, b: next.b }, side); // it is heard at once
  };
  const side = isRunning ? sideHeard(sides, playing) : null;
  return (
    <section aria-labelledby={`${name}-title`}>
      <div className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 id={`${name}-title`} className="font-medium">
          {t("versions.name")}
        </h2>
        <Button size="sm" disabled={!a || !b || a === b} title={t("versions.switchHint")} onClick={press}>
          <ArrowLeftRight className="size-4" aria-hidden="true" />
          {side ? t("versions.heard", { side: side.toUpperCase() }) : t("versions.compare")}
        </Button>
      </div>
      <ul className="space-y-1">
        {treeOf(versions).map(({ version, depth }) => (
          <VersionRow
            key={version.id}
            version={version}
            depth={depth}
            own={version.song === song.id}
            isHeard={isHeard(version)}
            isPlaying={playing === version.id}
            group={name}
            sides={{ a: version === a, b: version === b }}
            onChoose={(side) => choose(side, version)}
          />
        ))}
      </ul>
    </section>
  );
}

const isHeard = ({ state, deleted }: Version) => state === "done" && !deleted;
