import { useMemo, useSyncExternalStore } from "react";

function subscribe(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => observer.disconnect();
}

/** The theme's colours for what is drawn on a canvas; changes with the theme. */
export function useColours() {
  const theme = useSyncExternalStore(subscribe, () => document.documentElement.dataset.theme);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is what the computed style depends on
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    return { line: colour("line"), edge: colour("edge"), accent: colour("accent") };
  }, [theme]);
}
