import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactElement, useEffect, useState } from "react";
import { type Key, useText } from "../i18n";
import { isTaken } from "../player/keys";
import { IconButton } from "../ui/Button";

const KEYS: [string[], Key][] = [
  [["Space", "K"], "keys.play"],
  [["←", "→"], "keys.seek"],
  [["Shift ←", "Shift →"], "keys.words"],
  [["A", "B"], "keys.takes"],
  [["P", "N"], "keys.tracks"],
  [["X"], "keys.versions"],
  [["L"], "keys.loop"],
  [["[", "]"], "keys.region"],
  [["M"], "keys.mute"],
  [["Alt ↑", "Alt ↓"], "keys.part"],
  [["Space", "Shift ↑↓", "Ctrl A"], "keys.select"],
  [["?"], "keys.name"],
];

/** The list of keyboard shortcuts, also opened by "?". */
export function Shortcuts({ trigger }: { trigger: ReactElement }) {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === "?" && !event.ctrlKey && !event.metaKey && !isTaken(event.target, "?")) setOpen(true);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger render={trigger} />
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Popup className="fixed top-1/2 left-1/2 z-50 w-[min(26rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 rounded-3xl bg-surface p-6 shadow-float outline-none">
          <div className="mb-4 flex items-center justify-between">
            <Dialog.Title className="text-lg font-semibold">{t("keys.name")}</Dialog.Title>
            <Dialog.Close render={<IconButton label={t("app.close")} />}>
              <X />
            </Dialog.Close>
          </div>
          <dl className="space-y-3 text-sm">
            {KEYS.map(([keys, name]) => (
              <div key={name} className="flex items-center justify-between gap-6">
                <dt>{t(name)}</dt>
                <dd className="flex gap-1.5">
                  {keys.map((key) => (
                    <kbd
                      key={key}
                      className="min-w-7 rounded-lg bg-sunk px-2 py-1 text-center font-sans text-xs font-medium"
                    >
                      {key}
                    </kbd>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
