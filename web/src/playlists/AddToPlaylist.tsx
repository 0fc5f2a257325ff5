import { Menu } from "@base-ui/react/menu";
import { Toast } from "@base-ui/react/toast";
import { ListMusic, Plus } from "lucide-react";
import type { ReactElement } from "react";
import { useChangePlaylist, useCreatePlaylist, usePlaylists } from "../api/playlists";
import { go, listHref } from "../app/route";
import { useProblemToast } from "../app/toasts";
import { useText } from "../i18n";

const ITEM =
  "flex h-10 items-center gap-3 rounded-lg px-3 text-sm outline-none data-highlighted:bg-sunk [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-muted";
const POPUP =
  "max-h-[min(24rem,60dvh)] w-60 overflow-y-auto rounded-2xl border border-line bg-surface p-1.5 shadow-float outline-none";

/** A menu of the playlists to which takes can be added, and a new one. */
export function AddToPlaylist({ takes, trigger }: { takes: string[]; trigger: ReactElement }) {
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger render={trigger} />
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4} className="z-40">
          <Menu.Popup className={POPUP}>
            <PlaylistItems takes={takes} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

/** The same as a part of another menu. */
export function AddToPlaylistItem({ takes, className }: { takes: string[]; className: string }) {
  const { t } = useText();
  return (
    <Menu.SubmenuRoot>
      <Menu.SubmenuTrigger className={className}>
        <ListMusic />
        {t("list.add")}
      </Menu.SubmenuTrigger>
      <Menu.Portal>
        <Menu.Positioner className="z-40" sideOffset={4} collisionPadding={8}>
          <Menu.Popup className={POPUP}>
            <PlaylistItems takes={takes} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.SubmenuRoot>
  );
}

function PlaylistItems({ takes }: { takes: string[] }) {
  const lists = usePlaylists();
  const change = useChangePlaylist();
  const create = useNewPlaylist();
  const toasts = Toast.useToastManager();
  const showProblem = useProblemToast();
  const { t } = useText();
  const added = ({ id, name }: { id: string; name: string }) => {
    const toast = toasts.add({
      title: t("list.added", { name }),
      actionProps: {
        children: t("list.open"),
        onClick: () => {
          go(listHref(id));
          toasts.close(toast);
        },
      },
    });
  };
  const put = (id: string) => change.mutateAsync({ id, put: takes, before: null }).then(added, showProblem);
  return (
    <>
      {lists.map(({ id, name }) => (
        <Menu.Item key={id} className={ITEM} onClick={() => put(id)}>
          <ListMusic />
          <span className="truncate">{name}</span>
        </Menu.Item>
      ))}
      <Menu.Item className={ITEM} onClick={() => create(takes, added)}>
        <Plus />
        {t("list.new")}
      </Menu.Item>
    </>
  );
}

/** Returns a function that makes a playlist with a name that is free. */
export function useNewPlaylist() {
  const lists = usePlaylists();
  const create = useCreatePlaylist();
  const showProblem = useProblemToast();
  const { t } = useText();
  return (takes: string[], then: (list: { id: string; name: string }) => void) => {
    const taken = new Set(lists.map(({ name }) => name));
    let n = 1;
    while (taken.has(t("list.unnamed", { n }))) n++;
    // not by callbacks of `mutate`, which end with the menu
    create.mutateAsync({ name: t("list.unnamed", { n }), takes }).then(then, showProblem);
  };
}
