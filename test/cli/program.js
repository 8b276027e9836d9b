// The command line's `main` as built where the build is younger than the sources, as in `npm test`; else from the sources.
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const src = fileURLToPath(new URL("../../src", import.meta.url));
const built = new URL("../../dist/cli/main.js", import.meta.url);

function isFresh() {
  const made = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return readdirSync(src, { recursive: true, withFileTypes: true }).every(
    (f) =>
      !f.isFile() ||
      /\.(test\.ts|py|md)$/.test(f.name) ||
      statSync(`${f.parentPath}/${f.name}`).mtimeMs < made,
  );
}

async function program() {
  if (isFresh()) return import(built.href);
  const { createJiti } = await import("jiti");
  return createJiti(import.meta.url).import("../../src/cli/main.ts");
}

export const { main } = await program();
