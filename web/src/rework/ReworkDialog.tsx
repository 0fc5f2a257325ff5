import { Dialog } from "@base-ui/react/dialog";
import type { RefObject } from "react";
import type { Verb } from "../api/rework";
import { EditForm } from "./EditForm";
import { ExtendForm } from "./ExtendForm";
import type { FormProps } from "./Frame";
import { VaryForm } from "./VaryForm";

interface Props extends FormProps {
  verb: Verb;
  /** What has the focus when the dialog is closed. */
  opener: RefObject<HTMLElement | null>;
}

const FORMS = { extend: ExtendForm, edit: EditForm, vary: VaryForm };

/** A dialog to extend, edit or vary a take; on a phone it takes the whole screen. */
export default function ReworkDialog({ verb, opener, ...props }: Props) {
  const Form = FORMS[verb];
  return (
    <Dialog.Root open onOpenChange={(open) => !open && props.onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Popup
          finalFocus={opener}
          className="fixed inset-0 z-50 flex flex-col overflow-hidden bg-surface shadow-float outline-none sm:top-1/2 sm:right-auto sm:bottom-auto sm:left-1/2 sm:max-h-[calc(100dvh-2rem)] sm:w-[min(44rem,calc(100vw-2rem))] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-3xl"
        >
          <Form {...props} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
