/** `licenses.md`: every package whose code or fonts the page carries, the worker's included, with its licence in full. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

const folders = new Set<string>();

/** In the main build and, since workers are bundled apart, among the worker's plugins. */
export const collectLicenses = (): Plugin => ({
  name: "lab-collect-licenses",
  apply: "build",
  generateBundle(_, bundle) {
    for (const part of Object.values(bundle)) {
      for (const id of part.type === "chunk" ? part.moduleIds : []) note(id);
    }
  },
});

/** After everything else: workers and styles are known by then. */
export const writeLicenses = (): Plugin => ({
  name: "lab-write-licenses",
  apply: "build",
  generateBundle: {
    order: "post",
    handler() {
      for (const id of this.getModuleIds()) if (id.includes(".css")) note(id);
      const parts = [...folders].sort().map((folder) => describe(folder));
      const source = `# Licences\n\nsteepest's lab carries code and fonts of these packages.\n\n${parts.join("\n")}`;
      this.emitFile({ type: "asset", fileName: "licenses.md", source });
    },
  },
});

function note(id: string): void {
  const folder = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id.replace(/^\0/, ""))?.[0];
  if (folder && existsSync(join(folder, "package.json"))) folders.add(folder);
}

function describe(folder: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  ) as Package;
  const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
  if (!license && !file) throw new Error(`${name} names no licence`);
  return `## ${name} ${version} (${license})\n\n${text}\n`;
}
