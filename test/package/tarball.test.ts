/** The package as it is packed: what its types ask of a project that installs it. No registry: its dependencies are linked. */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, createLogger } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const tsc = join(root, "node_modules/typescript/bin/tsc");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
  exports: Record<string, unknown>;
};
let project = "";
let size = 0;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "steepest-packed-"));
  const modules = join(project, "node_modules");
  mkdirSync(modules);
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", project], { cwd: root });
  const tarball = readdirSync(project).find((f) => f.endsWith(".tgz"))!;
  size = statSync(join(project, tarball)).size;
  execFileSync("tar", ["xzf", tarball], { cwd: project });
  execFileSync("mv", ["package", join(modules, "steepest")], { cwd: project });
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
    if (name.includes("/")) mkdirSync(join(modules, name.split("/")[0]!), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

test("the tarball has at most 1.5 MB, and the licences of what is built in", () => {
  expect(size).toBeLessThan(1.5e6);
  const built = readFileSync(join(project, "node_modules/steepest/dist/licenses.md"), "utf8");
  for (const name of ["zod", "mathjs", "linkedom", "hono"])
    expect(built).toMatch(new RegExp(`^## ${name} `, "m"));
  // nothing that is built in is asked for at run time
  const code = readdirSync(join(project, "node_modules/steepest/dist"), { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".js"))
    .map((f) => readFileSync(join(project, "node_modules/steepest/dist", f), "utf8"));
  const asked = code.flatMap((c) => [
    ...c.matchAll(/^import\b.*? ?from ?"([^."][^"]*)";|\bimport\("([^."][^"]*)"\)/gm),
  ]);
  const names = asked.map(([, fixed, lazy]) => /^(?:@[^/]+\/)?[^/]+/.exec(fixed ?? lazy!)![0]);
  const declared = { ...manifest.dependencies, ...manifest.optionalDependencies };
  expect(names).toContain("papaparse");
  expect(names.filter((name) => !name.startsWith("node:") && !(name in declared))).toEqual([]);
});

/** What tsc says of the project's file; empty when it is content. */
function complaints(...options: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [tsc, "--noEmit", ...options], { cwd: project, encoding: "utf8" });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

/** The errors, a line each, without the lines that explain them. */
const errorsIn = (said: string): string[] => said.split("\n").filter((line) => /^\S.*: error TS/.test(line));

test("every subpath type-checks with `skipLibCheck: false`, without the DOM's types and Node's", {
  timeout: 120_000,
}, () => {
  const subpaths = Object.keys(manifest.exports).filter((path) => !path.endsWith(".json"));
  expect(subpaths).toContain("./plot");
  const imports = subpaths.map((path, i) => `export * as m${i} from "steepest${path.slice(1)}";`);
  writeFileSync(join(project, "subpaths.ts"), imports.join("\n"));
  const options = [
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--lib",
    "es2023",
    "--skipLibCheck",
    "false",
  ];
  // in the same run: a type that is not there is found, and nothing else
  writeFileSync(join(project, "page.ts"), "export type Page = Document;");
  expect(errorsIn(complaints(...options, "subpaths.ts", "page.ts"))).toEqual([
    expect.stringMatching(/^page\.ts.*Cannot find name 'Document'/),
  ]);
  for (const file of ["subpaths.ts", "page.ts"]) rmSync(join(project, file));
});

/** A page's bundle of one module, made by Vite as it comes: its code, and what Vite warned of. */
async function bundle(code: string): Promise<{ code: string; warnings: readonly string[] }> {
  const entry = join(project, "page.js");
  writeFileSync(entry, code);
  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  const logger = { ...createLogger("silent"), warn, warnOnce: warn };
  const built = await build({
    root: project,
    configFile: false,
    customLogger: logger,
    logLevel: "silent",
    build: { write: false, rolldownOptions: { input: entry }, minify: true, target: "es2023" },
  });
  const outputs = [built].flat().flatMap((one) => ("output" in one ? one.output : []));
  rmSync(entry);
  return { code: outputs.map((o) => (o.type === "chunk" ? o.code : "")).join("\n"), warnings };
}

test("a page can bundle it: nothing of Node, no warning, and only what it uses", {
  timeout: 120_000,
}, async () => {
  const whole = await bundle('import * as all from "steepest"; console.log(all);');
  expect(whole.warnings).toEqual([]);
  expect(whole.code).not.toMatch(/\b(from|import)\b[\s(]*["'`]node:/);
  const linear = await bundle(`
    import { linear } from "steepest/nn";
    import { mse } from "steepest/nn/losses";
    import { sgd } from "steepest/optim";
    import { trainStep } from "steepest/train";
    console.log(trainStep({ model: linear(2, 1), loss: (o, { y }) => mse(o, y), optimizer: sgd({ lr: 0.1 }), batch: { x: [4, 2], y: [4, 1] } }));
  `);
  expect(linear.warnings).toEqual([]);
  expect(gzipSync(linear.code).length).toBeLessThan(43_500);
  expect(linear.code).not.toMatch(/schedule-free|papaparse/i);
});

test("README's code compiles in a project made by `npx tsc --init`", { timeout: 60_000 }, () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const code = readme.match(/```ts\n([\s\S]*?)```/)?.[1];
  expect(code).toContain("trainStep");
  const batches = "declare const batches: Iterable<{ x: Float32Array; y: Int32Array }>;\n";
  writeFileSync(join(project, "readme.ts"), `${code}\n${batches}`);
  complaints("--init");
  const made = readFileSync(join(project, "tsconfig.json"), "utf8");
  expect(made).toContain('"noUncheckedIndexedAccess": true');
  // in the same run: a name that is not there is found, and nothing else
  writeFileSync(join(project, "misspelt.ts"), `${code!.replace("batch.y", "batch.why")}\n${batches}`);
  expect(errorsIn(complaints())).toEqual([expect.stringMatching(/^misspelt\.ts.*'why' does not exist/)]);
  for (const file of ["readme.ts", "misspelt.ts"]) rmSync(join(project, file));
  rmSync(join(project, "tsconfig.json"));
});

/** A program that uses what a library's user would: `fit` with its callbacks, a log, a search, a picture. */
const program = `
import { losses, nn, optim, train } from "steepest";
import { fromArrays } from "steepest/logs";
import { savePlot } from "steepest/plot/node";
import { findLr } from "steepest/tune";
export { findLr, fromArrays, losses, savePlot };
export const result = train.fit({
  model: nn.linear(1, 1),
  loss: "mse",
  schedule: "cosine-decay",
  optimizer: optim.adam({ lr: 0.1 }),
  data: { x: [0, 1], y: [1, 3] },
  measures: ["l1"],
  onStep: ({ step, loss }) => void (step + loss),
});
`;

const strict = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  types: [],
  target: "es2023",
};

describe.each([["es2023"], ["es2023", "dom"]])("the strictest options, with %s %s", (...lib) => {
  test.each([
    ["node16", "node16", ["library.ts"]],
    // a CommonJS file may require a module since Node 20.19: TypeScript knows it from nodenext on
    ["nodenext", "nodenext", ["library.ts", "library.cts"]],
    ["esnext", "bundler", ["library.ts"]],
  ] as const)("module %s, resolution %s", (module, moduleResolution, files) => {
    for (const file of files) writeFileSync(join(project, file), program);
    // in the same run: a misspelt option is found, and nothing else
    writeFileSync(join(project, "misspelt.ts"), program.replace("measures:", "mesures:"));
    const compilerOptions = { ...strict, lib: lib.filter(Boolean), module, moduleResolution };
    const all = [...files, "misspelt.ts"];
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: all }));
    const said = errorsIn(complaints());
    for (const file of [...all, "tsconfig.json"]) rmSync(join(project, file));
    expect(said).toEqual([expect.stringMatching(/^misspelt\.ts.*mesures/)]);
  });
});

/** What Node prints of a file in the project. */
function run(file: string, text: string): string {
  writeFileSync(join(project, file), text);
  const out = execFileSync(process.execPath, ["--no-warnings", file], { cwd: project, encoding: "utf8" });
  rmSync(join(project, file));
  return out;
}

test("CommonJS requires it, trains and predicts", () => {
  const out = run(
    "common.cjs",
    `const { nn, optim, train } = require("steepest");
     train.fit({ model: nn.linear(1, 1), loss: "mse", optimizer: optim.adam({ lr: 0.1 }),
       data: { x: [0, 1, 2], y: [1, 3, 5] }, epochs: 300 })
       .then(({ predict }) => console.log(predict([3]).values[0]));`,
  );
  expect(Number(out)).toBeCloseTo(7, 3);
});

test("an error names the user's line, and the layer", () => {
  const out = run(
    "model.mjs",
    `import { losses, nn, optim, train } from "steepest";
const make = () =>
  train.trainStep({
    model: nn.sequential(nn.linear(3, 5), nn.linear(4, 2)),
    loss: (output, { y }) => losses.mse(output, y),
    optimizer: optim.sgd({ lr: 0.1 }),
    batch: { x: [4, 3], y: [4, 2] },
  });
try { make(); } catch (error) { console.log(error.where); }`,
  );
  expect(out).toMatch(/^in layer 1, at .*[\\/]model\.mjs:3:9$/m);
});
