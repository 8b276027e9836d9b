/**
 * The tests that need no other process, and the packed command, under other versions of Node; their binaries come from npm.
 * Run it: npm run check:nodes, or npx jiti scripts/check-nodes.ts 22 24
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const versions = process.argv.length > 2 ? process.argv.slice(2) : ["22", "24"];
// the package `node` takes its binary from one of these
const system = { win32: "win" }[process.platform as "win32"] ?? process.platform;
const name = `node-${system}-${process.arch}`;
const binary = process.platform === "win32" ? "bin/node.exe" : "bin/node";

for (const version of versions) {
  const folder = mkdtempSync(join(tmpdir(), "steepest-node-"));
  try {
    writeFileSync(join(folder, "package.json"), "{}");
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel", "error", `${name}@${version}`], {
      cwd: folder,
      stdio: "inherit",
    });
    const node = join(folder, "node_modules", name, binary);
    const run = (...args: readonly string[]): void =>
      void execFileSync(node, args, { cwd: root, stdio: "inherit" });
    run("--version");
    run("bin/steepest.js", "info");
    run("node_modules/vitest/vitest.mjs", "run", "src", "--maxWorkers=2");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
