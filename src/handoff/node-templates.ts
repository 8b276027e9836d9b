/** The files of a PyTorch project that are the same for every run. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { shipped } from "../run/node-shipped.ts";

/** The project's fixed files. */
export function readTemplates(): ReadonlyMap<string, string> {
  const folder = shipped("src", "handoff", "templates");
  const names = readdirSync(folder).filter((name) => /\.(py|md|slurm|yaml)$/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
