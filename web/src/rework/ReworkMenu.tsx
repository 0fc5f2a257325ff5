import { Menu } from "@base-ui/react/menu";
import { FastForward, GitBranch, PencilLine, Shuffle } from "lucide-react";
import { lazy, Suspense, useRef, useState } from "react";
import type { Song, Take } from "../api/client";
import type { Verb } from "../api/rework";
import { useText } from "../i18n";
import { IconButton } from "../ui/Button";

const ReworkDialog = lazy(() => import("./ReworkDialog"));

const ITEMS = [
  ["extend", FastForward],
  ["edit", PencilLine],
  ["vary", Shuffle],
] as const;

/** A menu of what can be made of a take. */
export function ReworkMenu({ song, take }: { song: Song; take: Take }) {
  const [verb, setVerb] = useState<Verb | null>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  const { t } = useText();
  return (
    <>
      <Menu.Root modal={false}>
        <Menu.Trigger ref={trigger} render={<IconButton label={t("rework.menu", { n: take.number })} />}>
          <GitBranch />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner align="end" sideOffset={4} className="z-40">
            <Menu.Popup className="w-72 max-w-[calc(100vw-1rem)] rounded-2xl border border-line bg-surface p-1.5 shadow-float outline-none">
              {ITEMS.map(([item, Icon]) => (
                <Menu.Item
                  key={item}
                  className="flex gap-3 rounded-lg px-3 py-2 text-sm outline-none data-highlighted:bg-sunk"
                  onClick={() => setVerb(item)}
                >
                  <Icon className="mt-0.5 size-4 shrink-0 text-muted" aria-hidden="true" />
                  <span>
                    {t(`rework.${item}`)}
                    <span className="block text-muted">{t(`rework.${item}Hint`)}</span>
                  </span>
                </Menu.Item>
              ))}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      {verb && (
        <Suspense>
          <ReworkDialog verb={verb} song={song} take={take} opener={trigger} onClose={() => setVerb(null)} />
        </Suspense>
      )}
    </>
  );
}
