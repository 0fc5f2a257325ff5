/** Two takes, of one song or of different ones, that are heard in turn at the same position, each as loud as it is. */

import { create } from "zustand";
import type { Take } from "../api/client";
import { swap, usePlayer } from "./store";

export interface Side {
  song: string;
  take: Take;
}

export type Name = "a" | "b";
type Comparison = Record<Name, Side>;

export const useComparison = create<{ sides: Comparison | null }>(() => ({ sides: null }));

/** The side that is in the player, if either is. */
export function sideHeard(sides: Comparison | null, take: string | undefined): Name | null {
  if (!sides || !take) return null;
  return take === sides.a.take.id ? "a" : take === sides.b.take.id ? "b" : null;
}

/** Plays one of the two sides. */
export function hear(name: Name): void {
  const side = useComparison.getState().sides?.[name];
  if (side) swap(side.song, side.take);
}

/** Compares two takes from now on, beginning with `first`. */
export function compare(sides: Comparison, first: Name): void {
  useComparison.setState({ sides });
  hear(first);
}

export function endComparison(): void {
  useComparison.setState({ sides: null });
}

/** Plays the other side. */
export function switchSides(): void {
  const { sides } = useComparison.getState();
  hear(sideHeard(sides, usePlayer.getState().take?.id) === "a" ? "b" : "a");
}

usePlayer.subscribe(({ song }, before) => song === null && before.song !== null && endComparison());
