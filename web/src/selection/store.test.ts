import { beforeEach, expect, test } from "vitest";
import { endSelecting, selectAll, selectTo, showOrder, toggleSelected, useSelection } from "./store";

const selected = () => [...useSelection.getState().ids].sort().join("");

beforeEach(() => {
  endSelecting();
  showOrder(["a", "b", "c", "d", "e"]);
});

test("a song is selected and no longer selected", () => {
  toggleSelected("b");
  toggleSelected("d");
  expect(selected()).toBe("bd");
  toggleSelected("b");
  expect(selected()).toBe("d");
  expect(useSelection.getState().active).toBe(true);
});

test("a range goes from the last song that was clicked, either way, and keeps the others", () => {
  toggleSelected("e");
  toggleSelected("b");
  selectTo("d");
  expect(selected()).toBe("bcde");
  selectTo("a");
  expect(selected()).toBe("abcde");
});

test("without a song before it a range begins where the keyboard is", () => {
  selectTo("c", "b");
  selectTo("d", "c");
  expect(selected()).toBe("bcd");
  endSelecting();
  selectTo("c");
  expect(selected()).toBe("c");
});

test("all that are shown are selected; none is at the end", () => {
  toggleSelected("hidden since");
  selectAll();
  expect(selected()).toBe("abcde");
  endSelecting();
  expect([selected(), useSelection.getState().active]).toEqual(["", false]);
});
