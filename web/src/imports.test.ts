import { expect, test } from "vitest";

type Graph = Record<string, string[]>;

const sources = import.meta.glob<string>("./**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });

/** The files that a file imports, type-only and dynamic imports included. */
function importsOf(file: string): string[] {
  const paths = [...sources[file]!.matchAll(/(?:from|import\() ?"(\.[^"]*)"/g)].map(([, path]) => path!);
  return paths.flatMap((path) => {
    const target = `.${new URL(path, `file:///${file}`).pathname.replace(/\/$/, "")}`;
    return [`${target}.ts`, `${target}.tsx`, `${target}/index.ts`].find((name) => name in sources) ?? [];
  });
}

/** The circles of a graph of imports, each as its files. */
function circlesOf(graph: Graph): string[][] {
  const left = new Set<string>();
  const visit = (file: string, path: string[]): string[][] => {
    if (path.includes(file)) return [path.slice(path.indexOf(file))];
    if (left.has(file)) return [];
    const found = graph[file]!.flatMap((next) => visit(next, [...path, file]));
    left.add(file);
    return found;
  };
  return Object.keys(graph).flatMap((file) => visit(file, []));
}

test("no file imports itself, not even by way of others", () => {
  const graph = Object.fromEntries(Object.keys(sources).map((file) => [file, importsOf(file)]));
  expect(graph["./main.tsx"]).toContain("./app/App.tsx");
  expect(circlesOf(graph)).toEqual([]);
});

test("a circle is found", () => {
  expect(circlesOf({ a: ["b"], b: ["c"], c: ["b"], d: ["a"] })).toEqual([["b", "c"]]);
});
