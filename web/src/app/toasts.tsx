import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import { useCallback } from "react";
import { problemText } from "../api/problems";
import { useText } from "../i18n";
import { IconButton } from "../ui/Button";

/** Returns a function that shows why a request was refused. */
export function useProblemToast(): (error: unknown) => void {
  const { add } = Toast.useToastManager();
  const { t } = useText();
  return useCallback(
    (error: unknown) => {
      const { title, detail } = problemText(error, t);
      add({ title, description: detail, type: "problem", timeout: 9000 });
    },
    [add, t],
  );
}

const UNDO_MS = 10_000;

/** Returns a function that says what was done, and offers to `undo` it; `onExpiry` is called once that is offered no longer. */
export function useUndoToast(): (title: string, undo: () => void, onExpiry?: () => void) => void {
  const { add, close } = Toast.useToastManager();
  const { t } = useText();
  return useCallback(
    (title, undo, onExpiry) => {
      let taken = false;
      const toast = add({
        title,
        timeout: UNDO_MS,
        onRemove: () => {
          if (!taken) onExpiry?.();
        },
        actionProps: {
          children: t("song.undo"),
          onClick: () => {
            taken = true;
            undo();
            close(toast);
          },
        },
      });
    },
    [add, close, t],
  );
}

/** Short messages at the foot of the page, some with an undo button. */
export function Toasts() {
  const { toasts } = Toast.useToastManager();
  const { t } = useText();
  return (
    <Toast.Portal>
      <Toast.Viewport className="fixed inset-x-0 bottom-40 z-50 mx-auto flex w-[min(26rem,calc(100vw-2rem))] flex-col gap-2 lg:bottom-28">
        {toasts.map((toast) => (
          <Toast.Root
            key={toast.id}
            toast={toast}
            className="flex items-center gap-3 rounded-2xl bg-ink py-2.5 pr-2 pl-4 text-paper shadow-float transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0"
          >
            <Toast.Content className="min-w-0 flex-1 wrap-anywhere">
              <Toast.Title className="line-clamp-3 text-sm font-medium" />
              <Toast.Description className="text-sm opacity-80" />
            </Toast.Content>
            <Toast.Action className="h-8 shrink-0 pointer-coarse:h-10 rounded-full px-3 text-sm font-semibold underline underline-offset-4" />
            <Toast.Close
              render={<IconButton size="sm" label={t("app.close")} className="!text-paper hover:!bg-transparent" />}
            >
              <X />
            </Toast.Close>
          </Toast.Root>
        ))}
      </Toast.Viewport>
    </Toast.Portal>
  );
}
