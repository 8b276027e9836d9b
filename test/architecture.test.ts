/** The house's order: imports point down the layers only, without cycles, and files stay small. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
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

const page = resolve(import.meta.dirname, "../lab/src");
const pageFiles = readdirSync(page, { recursive: true, encoding: "utf8" })
  .filter((f) => /\.(ts|svelte)$/.test(f))
  .map((f) => join(page, f));

/** Our own files that a file imports, for values or types; `loads`: for values, and at once. */
function importsOf(file: string): { target: string; loads: boolean }[] {
  const text = readFileSync(file, "utf8");
  const statements = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s+(type\s+)?[^"';]*?from\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)/g,
  );
  return [...statements].map(([, type, now, later]) => ({
    target: resolve(dirname(file), now ?? later!),
    loads: now !== undefined && type === undefined,
  }));
}

const folderOf = (file: string): string => relative(src, file).split(/[\\/]/)[0]!;
const name = (file: string): string => relative(src, file);
const graph = new Map(code.map((f) => [f, importsOf(f)]));
const pageGraph = new Map(pageFiles.map((f) => [f, importsOf(f)]));

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

test.each(["cli/main.ts", "cli/commands/diagnose.ts"])(
  "%s loads the doctor's parts and lists at most",
  (start) => {
    const loaded = new Set([join(src, start)]);
    for (const file of loaded)
      for (const { target, loads } of graph.get(file) ?? []) if (loads) loaded.add(target);
    const wrong = [...loaded].filter(
      (f) => !["cli", "run", ...engineFree].includes(folderOf(f)) && graph.get(f)?.some((i) => i.loads),
    );
    expect(wrong.map(name)).toEqual([]);
  },
);

test("what is lowered and the passes that do it know no code writer", () => {
  const isWriter = (file: string): boolean => /^engine[\\/]compile[\\/]writers[\\/]/.test(name(file));
  const wrong = [...graph]
    .filter(([f]) => /^engine[\\/]compile[\\/]/.test(name(f)) && !isWriter(f))
    .flatMap(([f, is]) =>
      is.filter((i) => isWriter(i.target)).map((i) => `${name(f)} imports ${name(i.target)}`),
    );
  expect(wrong).toEqual([]);
});

test.each([
  ["the sources", graph],
  ["the lab", pageGraph],
])("no import circles in %s, those of types included", (_, graph) => {
  const state = new Map<string, "open" | "done">();
  const circles: string[][] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      circles.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    state.set(file, "open");
    for (const { target } of graph.get(file) ?? []) visit(target, [...path, file]);
    state.set(file, "done");
  };
  for (const file of graph.keys()) visit(file, []);
  expect(circles.map((circle) => circle.map(name).join(" → "))).toEqual([]);
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

test("one door leads to the backends that only Node has, so that pages can leave them out", () => {
  const door = "engine/backends/node-backends.ts";
  const behind = new Set(graph.get(join(src, door))!.map(({ target }) => target));
  const wrong = [...graph]
    .filter(([f]) => name(f) !== door && !behind.has(f))
    .flatMap(([f, is]) =>
      is.filter((i) => behind.has(i.target)).map((i) => `${name(f)} imports ${name(i.target)}`),
    );
  expect(behind.size).toBeGreaterThan(2);
  expect(wrong).toEqual([]);
});

test("files stay below 450 lines", () => {
  const long = files
    .map((f) => [name(f), readFileSync(f, "utf8").split("\n").length] as const)
    .filter(([f, n]) => n > 450 && !f.includes("weights"));
  expect(long).toEqual([]);
});

test("no `as unknown as` and no `as never`, in the sources and in the lab", () => {
  const found = [...code, ...pageFiles].filter((f) =>
    /\bas (unknown as|never)\b/.test(readFileSync(f, "utf8")),
  );
  expect(found).toEqual([]);
});

/** Of a function. */
const MAX_LINES = 80;

/** Name and lines of every function that a file's code may have too long. */
function functionsOf(file: string): { called: string; lines: number }[] {
  const text = readFileSync(file, "utf8");
  if (text.split("\n").length <= MAX_LINES) return [];
  const scripts = [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((m) => m[1]).join("\n");
  const tree = ts.createSourceFile(
    file,
    file.endsWith(".svelte") ? scripts : text,
    ts.ScriptTarget.Latest,
    false,
  );
  const lineOf = (position: number): number => tree.getLineAndCharacterOfPosition(position).line;
  const found: { called: string; lines: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body) {
      const lines = lineOf(node.end) - lineOf(node.getStart(tree)) + 1;
      found.push({ called: node.name?.getText(tree) ?? "(no name)", lines });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

test("no function over 80 lines, in the sources and in the lab", () => {
  const root = resolve(import.meta.dirname, "..");
  const long = [...code, ...pageFiles].flatMap((f) =>
    functionsOf(f)
      .filter(({ lines }) => lines > MAX_LINES)
      .map(({ called }) => `${relative(root, f).replaceAll("\\", "/")} ${called}`),
  );
  expect(long).toEqual([]);
});

test("the lab's page does not know the command line, and its files stay small too", () => {
  const wrong = pageFiles
    .map((f) => [f, readFileSync(f, "utf8")] as const)
    .filter(([, text]) => /src\/cli|"node:/.test(text) || text.split("\n").length > 450)
    .map(([f]) => f);
  expect(wrong).toEqual([]);
});

test("the lab's page imports subpaths that the package declares", () => {
  const { exports } = JSON.parse(readFileSync(resolve(import.meta.dirname, "../package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  const taken = pageFiles.flatMap((f) => {
    const text = readFileSync(f, "utf8");
    return [...text.matchAll(/(?:from\s+|import\()"((?:\.\.\/)+src\/[^"]+|steepest(?:\/[^"]+)?)"/g)].map(
      (m) => m[1]!,
    );
  });
  const declared = taken.filter((t) => t.startsWith("steepest"));
  expect(declared.filter((t) => !(t.replace("steepest", ".") in exports))).toEqual([]);
  expect(taken.filter((t) => t.startsWith("."))).toEqual([]);
});

test("public indexes name what they export", () => {
  const wrong = code
    .filter((f) => /[\\/]index\.ts$/.test(f) && /^export \* from/m.test(readFileSync(f, "utf8")))
    .map(name);
  expect(wrong).toEqual([]);
});
