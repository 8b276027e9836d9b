/** Licences of the packages whose code or fonts are built in. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** `opening`, then every package that has one of the modules, with its licence in full; null where there is none. */
export function licensesOf(moduleIds: Iterable<string>, opening: string): string | null {
  const folders = new Set([...moduleIds].flatMap((id) => packageFolder(id) ?? []));
  if (folders.size === 0) return null;
  return `${opening}\n\n${[...folders].sort().map(describe).join("\n")}`;
}

function packageFolder(id: string): string | null {
  const folder = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id.replace(/^\0/, ""))?.[0];
  return folder && existsSync(join(folder, "package.json")) ? folder : null;
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
