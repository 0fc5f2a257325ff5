import { useMemo } from "react";

/** A random number generator, 0..1, seeded with a text. */
export function seededRandom(text: string): () => number {
  let state = 2166136261;
  for (const char of text) state = Math.imul(state ^ char.codePointAt(0)!, 16777619);
  return () => {
    state = Math.imul(state ^ (state >>> 15), 2246822507) + 0x9e3779b9;
    state ^= state >>> 13;
    return (state >>> 0) / 2 ** 32;
  };
}

function wave(next: () => number, height: number): string {
  const [amplitude, phase, cycles] = [6 + 12 * next(), 2 * Math.PI * next(), 0.6 + 1.1 * next()];
  const points = Array.from({ length: 41 }, (_, i) => {
    const x = (i * 100) / 40;
    return `${x.toFixed(1)} ${(height + amplitude * Math.sin(phase + (cycles * 2 * Math.PI * x) / 100)).toFixed(1)}`;
  });
  return `M0 100L${points.join("L")}L100 100Z`;
}

/** A landscape of waves drawn from the song's id, so that a song always looks the same. */
export function Cover({ id, className = "" }: { id: string; className?: string }) {
  const { hue, sun, waves } = useMemo(() => {
    const next = seededRandom(id);
    const hue = Math.floor(360 * next());
    const sun = { x: 22 + 56 * next(), y: 22 + 22 * next(), r: 8 + 9 * next() };
    return { hue, sun, waves: [46, 62, 78].map((height) => wave(next, height)) };
  }, [id]);
  const second = (hue + 38) % 360;
  return (
    <svg
      viewBox="0 0 100 100"
      className={`shrink-0 rounded-xl ${className}`}
      aria-hidden="true"
      preserveAspectRatio="xMidYMid slice"
    >
      <rect width="100" height="100" fill={`oklch(0.86 0.05 ${hue})`} />
      <circle cx={sun.x} cy={sun.y} r={sun.r} fill={`oklch(0.96 0.035 ${second})`} />
      <path d={waves[0]} fill={`oklch(0.74 0.075 ${hue})`} strokeLinejoin="round" />
      <path d={waves[1]} fill={`oklch(0.58 0.085 ${(hue + 18) % 360})`} strokeLinejoin="round" />
      <path d={waves[2]} fill={`oklch(0.4 0.075 ${second})`} strokeLinejoin="round" />
    </svg>
  );
}
