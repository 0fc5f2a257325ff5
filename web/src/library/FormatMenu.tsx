import { Menu } from "@base-ui/react/menu";
import type { ReactElement, ReactNode } from "react";

interface Props {
  trigger: ReactElement;
  items: readonly { format: string; hint: string; href: string }[];
  children?: ReactNode;
}

/** A menu of files to download, one for each format, and of what else belongs to them. */
export function FormatMenu({ trigger, items, children }: Props) {
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger render={trigger} />
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4} className="z-40">
          <Menu.Popup className="min-w-36 rounded-2xl border border-line bg-surface p-1.5 shadow-float outline-none">
            {items.map(({ format, hint, href }) => (
              <Menu.Item
                key={format}
                className="flex h-10 items-center justify-between gap-6 rounded-lg px-3 text-sm outline-none data-highlighted:bg-sunk"
                render={<a href={href} download />}
              >
                {format.toUpperCase()}
                <span className="text-muted">{hint}</span>
              </Menu.Item>
            ))}
            {children}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
