import { type KeyboardEvent, type MouseEvent, type PointerEvent, useEffect, useRef } from "react";
import { endSelecting, selectAll, selectTo, showOrder, toggleSelected, useSelection } from "./store";

const LONG_PRESS_MS = 450;
const FINGER_PX = 10;

const idAt = (target: EventTarget) => (target as Element).closest<HTMLElement>("[data-song]")?.dataset.song;

/** Handlers for a list of rows with `data-song`: Ctrl or Shift and a click, a long press, and on the link of a row the space
 * bar, Shift with arrow keys, Ctrl+A and Escape select; arrow keys alone go from row to row. */
export function useRowSelection(order: readonly string[]) {
  const press = useRef({ timer: 0, held: false, x: 0, y: 0 });
  useEffect(() => showOrder(order), [order]);
  useEffect(() => endSelecting, []);
  const release = () => clearTimeout(press.current.timer);
  return {
    onClickCapture(event: MouseEvent) {
      const id = idAt(event.target);
      const { held } = press.current;
      press.current.held = false;
      if (!id || (!held && (event.target as Element).closest("button, label"))) return;
      const many = event.shiftKey || event.ctrlKey || event.metaKey;
      if (!held && !many && !useSelection.getState().active) return;
      event.preventDefault();
      event.stopPropagation();
      if (held) return;
      if (event.shiftKey) selectTo(id);
      else toggleSelected(id);
    },
    onPointerDown(event: PointerEvent) {
      const id = idAt(event.target);
      release();
      press.current.held = false;
      if (event.pointerType !== "touch" || !id || (event.target as Element).closest("label")) return;
      const timer = window.setTimeout(() => {
        press.current.held = true;
        navigator.vibrate?.(10);
        toggleSelected(id);
      }, LONG_PRESS_MS);
      press.current = { timer, held: false, x: event.clientX, y: event.clientY };
    },
    onPointerMove({ clientX, clientY }: PointerEvent) {
      if (Math.hypot(clientX - press.current.x, clientY - press.current.y) > FINGER_PX) release();
    },
    onPointerUp: release,
    onPointerCancel: release,
    onContextMenu(event: MouseEvent) {
      if ((event.nativeEvent as globalThis.PointerEvent).pointerType === "touch" && idAt(event.target))
        event.preventDefault(); // the menu of the link
    },
    onKeyDown(event: KeyboardEvent) {
      const id = idAt(event.target);
      if (!id || !(event.target as Element).matches("a, input[type=checkbox]")) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape" && useSelection.getState().active) endSelecting();
      else if (event.key === "a" && (event.ctrlKey || event.metaKey)) selectAll();
      else if (event.key === " " && (event.target as Element).matches("a")) toggleSelected(id);
      else if (step && !event.altKey && !event.ctrlKey && !event.metaKey) {
        const next = order[order.indexOf(id) + step];
        if (!next) return;
        event.currentTarget.querySelector<HTMLElement>(`[data-song="${next}"] a`)?.focus();
        if (event.shiftKey) selectTo(next, id);
      } else return;
      event.preventDefault();
    },
  };
}
