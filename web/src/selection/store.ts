/** The songs that are selected in the library, for what is done to many at once. */

import { create } from "zustand";

interface Selection {
  /** Whether rows have checkboxes, and a click selects rather than opens. */
  active: boolean;
  ids: ReadonlySet<string>;
  /** Where a range begins. */
  anchor: string | null;
  /** The rows that are shown, from top to bottom. */
  order: readonly string[];
}

const NONE = { active: false, ids: new Set<string>(), anchor: null };

export const useSelection = create<Selection>(() => ({ ...NONE, order: [] }));
const { getState: get, setState: set } = useSelection;

export function showOrder(order: readonly string[]): void {
  set({ order });
}

export function startSelecting(): void {
  set({ active: true });
}

export function toggleSelected(id: string): void {
  const ids = new Set(get().ids);
  if (!ids.delete(id)) ids.add(id);
  set({ active: true, ids, anchor: id });
}

/** Selects all from the anchor to `id`, besides what is selected already; without an anchor, from `from`. */
export function selectTo(id: string, from: string = id): void {
  const { ids, order } = get();
  const anchor = get().anchor ?? from;
  const [first, last] = [order.indexOf(anchor), order.indexOf(id)].sort((a, b) => a - b) as [number, number];
  set({ active: true, ids: new Set([...ids, ...order.slice(Math.max(first, 0), last + 1)]), anchor });
}

export function selectAll(): void {
  set(({ order }) => ({ active: true, ids: new Set(order) }));
}

export function endSelecting(): void {
  set(NONE);
}
