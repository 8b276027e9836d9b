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
