/** The package's subpaths with their sources, as package.json and the build's configuration have them. */
import { readFileSync } from "node:fs";
import config from "../../tsdown.config.ts";

interface EntryPoint {
  /** As it is imported: "steepest/optim". */
  readonly subpath: string;
  /** From the package's root: "src/optim/index.ts". */
  readonly source: string;
}

/** Throws where package.json exports a file that is not built. */
export function entryPoints(): EntryPoint[] {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { exports }: { exports: Record<string, string | { readonly default: string }> } = JSON.parse(text);
  const sources = new Map(Object.entries(config.entry as Readonly<Record<string, string>>));
  return Object.entries(exports).flatMap(([path, target]) => {
    if (typeof target === "string") return [];
    const source = sources.get(target.default.replace(/^\.\/dist\//, "").replace(/\.js$/, ""));
    if (source === undefined) throw new Error(`${path} is exported but not built: see tsdown.config.ts`);
    return [{ subpath: path.replace(/^\./, "steepest"), source }];
  });
}
