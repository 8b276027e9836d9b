/** The package as it is packed: what its types ask of a project that installs it. No registry: its dependencies are linked. */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, createLogger } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const tsc = join(root, "node_modules/typescript/bin/tsc");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  exports: Record<string, unknown>;
};
let project = "";

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "steepest-packed-"));
  const modules = join(project, "node_modules");
  mkdirSync(modules);
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", project], { cwd: root });
  const tarball = readdirSync(project).find((f) => f.endsWith(".tgz"))!;
  execFileSync("tar", ["xzf", tarball], { cwd: project });
  execFileSync("mv", ["package", join(modules, "steepest")], { cwd: project });
  for (const name of Object.keys(manifest.dependencies)) {
    if (name.includes("/")) mkdirSync(join(modules, name.split("/")[0]!), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** What tsc says of the project's file; empty when it is content. */
function complaints(...options: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [tsc, "--noEmit", ...options], { cwd: project, encoding: "utf8" });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

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
  expect(complaints(...options, "subpaths.ts")).toBe("");
  // the same check finds a type that is not there
  writeFileSync(join(project, "subpaths.ts"), `${imports.join("\n")}\nexport type Page = Document;`);
  expect(complaints(...options, "subpaths.ts")).toContain("Cannot find name 'Document'");
  rmSync(join(project, "subpaths.ts"));
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
  expect(gzipSync(linear.code).length).toBeLessThan(48_000);
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
  expect(complaints()).toBe("");
  // the same check finds a name that is not there
  writeFileSync(join(project, "readme.ts"), `${code!.replace("batch.y", "batch.why")}\n${batches}`);
  expect(complaints()).toContain("'why' does not exist");
  rmSync(join(project, "readme.ts"));
  rmSync(join(project, "tsconfig.json"));
});
