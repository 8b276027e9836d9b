/**
 * All of a release but publishing: versions that agree, a clean tree, both packages packed, installed together in an empty
 * folder, and used there. Run it: npm run release:check, after npm run check and npm test.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { reasonsAgainst } from "./release/reasons.ts";

const root = resolve(import.meta.dirname, "..");
const LARGEST = 1.5e6;

const text = (path: string): string => readFileSync(join(root, path), "utf8");
const step = (words: string): void => console.log(`… ${words}`);
const fail = (words: string): never => {
  console.error(`not ready: ${words}`);
  process.exit(1);
};

const reasons = reasonsAgainst({
  manifest: JSON.parse(text("package.json")),
  lab: JSON.parse(text("packages/lab/package.json")),
  lock: JSON.parse(text("package-lock.json")),
  changelog: text("CHANGELOG.md"),
  changed: execFileSync("git", ["status", "--porcelain"], { cwd: root, encoding: "utf8" }),
});

step("building");
execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });

const folder = mkdtempSync(join(tmpdir(), "steepest-release-"));
try {
  const pack = (...where: readonly string[]): string => {
    const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder, ...where];
    const [packed] = JSON.parse(execFileSync("npm", args, { cwd: root, encoding: "utf8" })) as [
      { filename: string },
    ];
    return join(folder, packed.filename);
  };
  step("packing");
  const tarballs = [pack(), pack("--workspace", "packages/lab")];
  const { size } = statSync(tarballs[0]!);
  console.log(
    `  steepest ${(size / 1e6).toFixed(2)} MB, @steepest/lab ${(statSync(tarballs[1]!).size / 1e6).toFixed(2)} MB`,
  );
  if (size > LARGEST) reasons.push(`the tarball has ${size} bytes, more than ${LARGEST}`);

  step("installing both in an empty folder");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel", "error", ...tarballs], {
    cwd: folder,
    stdio: "inherit",
  });
  const steepest = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [join(folder, "node_modules/steepest/bin/steepest.js"), ...args], {
      cwd: folder,
      encoding: "utf8",
    });
  step("training on a table, predicting; one step on the digits");
  writeFileSync(join(folder, "line.csv"), "x,y\n0,0.5\n1,2.5\n2,4.5\n3,6.5\n4,8.5\n");
  const line = {
    data: { csv: "line.csv", target: "y" },
    model: { kind: "linear" },
    optimizer: { name: "adam", lr: 0.1 },
  };
  const run = { name: "line", ...line, epochs: 500, validation: 0 };
  writeFileSync(join(folder, "line.json"), JSON.stringify(run));
  steepest("train", "line.json", "--quiet");
  const predicted = Number(
    steepest("predict", "runs/line-1", "line.csv").trim().split("\n").at(-1)!.split(",").at(-1),
  );
  if (!(Math.abs(predicted - 8.5) < 0.1)) reasons.push(`y = 2x + 0.5 at x = 4 is predicted as ${predicted}`);
  const digits = {
    name: "digits",
    data: { source: "digits" },
    model: { kind: "linear" },
    optimizer: "sgd",
    steps: 1,
  };
  writeFileSync(join(folder, "digits.json"), JSON.stringify(digits));
  steepest("train", "digits.json", "--quiet");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

if (reasons.length > 0) fail(reasons.join("\nnot ready: "));
console.log("ready: publish packages/lab first, then the root");
