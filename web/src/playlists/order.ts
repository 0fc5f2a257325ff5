/** Where a row lands that is moved within its list. */

/** The slot (0 is before the first row) that a pointer at height `y` points at, given the middles of the rows. */
export function slotAt(middles: readonly number[], y: number): number {
  return middles.filter((middle) => middle < y).length;
}

/** What the row is put before (null: the end) to get from its place into a slot; undefined if it is there already. */
export function beforeOf(order: readonly string[], id: string, slot: number): string | null | undefined {
  const at = order.indexOf(id);
  if (slot === at || slot === at + 1) return undefined;
  return order[slot] ?? null;
}

/** The slot that a key moves a row to; undefined if the key moves nothing. */
export function slotOfKey(key: string, at: number, length: number): number | undefined {
  const slots: Record<string, number> = { ArrowUp: at - 1, ArrowDown: at + 2, Home: 0, End: length };
  const slot = slots[key];
  return slot === undefined ? undefined : Math.min(Math.max(slot, 0), length);
}
