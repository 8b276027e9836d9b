/** The house's order: imports point down the layers only, without cycles, and files stay small. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const src = resolve(import.meta.dirname, "../src");

/** Folder → layer. A folder imports lower layers, and within its own layer only itself. */
const layers: Readonly<Record<string, number>> = {
  run: 0, random: 0.5,
  engine: 1, logs: 1, diagnose: 1, plot: 1,
  optim: 2, nn: 2, data: 2, curvature: 2,
  surface: 2.5,
  train: 3,
  tune: 3.5, handoff: 3.5, predict: 3.5,
  lesson: 4,
  cli: 5,
}; // biome-ignore format: one layer a line

/** Useful without the engine: people who train elsewhere load these in milliseconds. */
const engineFree = ["logs", "diagnose", "plot"];

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((f) => f.endsWith(".ts"))
  .map((f) => join(src, f));
const code = files.filter((f) => !f.endsWith(".test.ts"));

/** Our own files that a file imports, and whether only types are taken. */
function importsOf(file: string): { target: string; typeOnly: boolean }[] {
  const text = readFileSync(file, "utf8");
  const statements = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s+(type\s+)?[^"';]*?from\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)/g,
  );
  return [...statements].map((m) => ({
    target: resolve(dirname(file), m[2] ?? m[3]!),
    typeOnly: m[1] !== undefined,
  }));
}

const folderOf = (file: string): string => relative(src, file).split(/[\\/]/)[0]!;
const name = (file: string): string => relative(src, file);
const graph = new Map(code.map((f) => [f, importsOf(f)]));

test("every folder has a layer, and imports point down", () => {
  const wrong: string[] = [];
  for (const [file, imports] of graph) {
    const from = folderOf(file);
    if (from === "index.ts") continue; // the package's front door
    if (layers[from] === undefined) wrong.push(`${name(file)}: folder "${from}" has no layer`);
    for (const { target } of imports) {
      const to = folderOf(target);
      if (to !== from && (layers[to] ?? 99) >= (layers[from] ?? -1))
        wrong.push(`${name(file)} imports ${name(target)}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("the doctor's parts do not know the engine", () => {
  const wrong = [...graph]
    .filter(([f]) => engineFree.includes(folderOf(f)))
    .flatMap(([f, is]) =>
      is.filter((i) => folderOf(i.target) === "engine").map((i) => `${name(f)} imports ${name(i.target)}`),
    );
  expect(wrong).toEqual([]);
});

test("what is lowered and the passes that do it know no code writer", () => {
  const isWriter = (file: string): boolean => /^engine[\\/]compile[\\/]writers[\\/]/.test(name(file));
  const wrong = [...graph]
    .filter(([f]) => /^engine[\\/]compile[\\/]/.test(name(f)) && !isWriter(f))
    .flatMap(([f, is]) =>
      is.filter((i) => isWriter(i.target)).map((i) => `${name(f)} imports ${name(i.target)}`),
    );
  expect(wrong).toEqual([]);
});

test("no import cycles", () => {
  const state = new Map<string, "open" | "done">();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      cycles.push([...path.slice(path.indexOf(file)), file].map(name).join(" → "));
      return;
    }
    state.set(file, "open");
    for (const { target, typeOnly } of graph.get(file) ?? []) if (!typeOnly) visit(target, [...path, file]);
    state.set(file, "done");
  };
  for (const file of graph.keys()) visit(file, []);
  expect(cycles).toEqual([]);
});

test("every import leads to a file", () => {
  const missing = [...graph].flatMap(([f, is]) =>
    is
      .filter((i) => i.target.endsWith(".ts") && !graph.has(i.target))
      .map((i) => `${name(f)} imports ${name(i.target)}`),
  );
  expect(missing).toEqual([]);
});

test("only files that say so touch Node: node-*.ts, the command line, and the two that look for what Node has", () => {
  const allowed = /(^|[\\/])(node-[^\\/]*|blas-library)\.ts$|^cli[\\/]/;
  const wrong = code
    .filter((f) => !allowed.test(name(f)) && /(from|import\()\s*"node:/.test(readFileSync(f, "utf8")))
    .map(name);
  expect(wrong).toEqual([]);
});

test("files stay below 450 lines", () => {
  const long = files
    .map((f) => [name(f), readFileSync(f, "utf8").split("\n").length] as const)
    .filter(([f, n]) => n > 450 && !f.includes("weights"));
  expect(long).toEqual([]);
});

test("the lab's page does not know the command line, and its files stay small too", () => {
  const page = resolve(import.meta.dirname, "../lab/src");
  const wrong = readdirSync(page, { recursive: true, encoding: "utf8" })
    .filter((f) => /\.(ts|svelte)$/.test(f))
    .map((f) => [f, readFileSync(join(page, f), "utf8")] as const)
    .filter(([, text]) => /src\/cli|"node:/.test(text) || text.split("\n").length > 450)
    .map(([f]) => f);
  expect(wrong).toEqual([]);
});
