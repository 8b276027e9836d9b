/** The lab's build, made once for all test files that need it. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { labFolder, readSite, type Site } from "../../src/cli/lab/site.ts";

/** All rooms, by their folders. */
export const rooms: readonly string[] = readdirSync(resolve(import.meta.dirname, "../../lab/src/rooms"));

const root = resolve(import.meta.dirname, "../..");

/** Built from the sources as they are; LAB_DIST puts it elsewhere than in packages/lab/page. */
export function builtLab(): Promise<Site> {
  const folder = process.env["LAB_DIST"] ?? labFolder();
  return withLock(folder, async () => {
    if (!isFresh(folder)) await build();
    return readSite(folder);
  });
}

/** In a process of its own: under vitest's NODE_ENV it would become a development build. */
async function build(): Promise<void> {
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const args = [vite, "build", "--config", join(root, "lab/vite.config.ts"), "--logLevel", "error"];
  await promisify(execFile)(process.execPath, args, { env: { ...process.env, NODE_ENV: "production" } });
}

/** Nothing the page is made of is younger than the build. */
function isFresh(folder: string): boolean {
  const index = join(folder, "index.html");
  if (!existsSync(index)) return false;
  const built = statSync(index).mtimeMs;
  return ["lab", "src"].every((part) =>
    readdirSync(join(root, part), { recursive: true, withFileTypes: true }).every(
      (f) =>
        !f.isFile() ||
        /\.test\.ts$|\.md$/.test(f.name) ||
        f.parentPath.startsWith(join(root, "src/cli")) ||
        statSync(join(f.parentPath, f.name)).mtimeMs < built,
    ),
  );
}

/** One builder at a time among the processes that run test files. */
async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = `${folder}.lock`;
  mkdirSync(dirname(folder), { recursive: true });
  const STALE = 120_000;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const age = existsSync(lock) ? Date.now() - statSync(lock).mtimeMs : 0;
      if (age > STALE) rmSync(lock, { recursive: true, force: true });
      else await new Promise((r) => setTimeout(r, 100));
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
