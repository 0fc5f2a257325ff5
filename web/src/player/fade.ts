const STEP_MS = 20;

/** Calls `set` with a number that goes from 0 to 1 in so many seconds. */
export function fade(seconds: number, set: (share: number) => void): Promise<void> {
  const begin = performance.now();
  return new Promise((resolve) => {
    const step = () => {
      const share = Math.min(1, (performance.now() - begin) / (1000 * seconds) || 0);
      set(seconds > 0 ? share : 1);
      if (seconds > 0 && share < 1) setTimeout(step, STEP_MS);
      else resolve();
    };
    step();
  });
}
