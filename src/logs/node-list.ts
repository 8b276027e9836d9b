/** Which files a directory or a glob stands for. */
import { readdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { SteepestError } from "../run/errors.ts";

/** Files of these endings, of none, and event files may be logs; weights, images and code are not opened. */
const LOG_NAME =
  /(?:\.(?:csv|tsv|jsonl|ndjson|json|log|txt|out|err|wandb|v2|db|sqlite3?)|^[^.]+)(?:\.gz)?$|tfevents/i;
/** Files that frameworks put beside a log and that hold numbers but no curve. */
const NOT_LOGS =
  /^(?:config|package(?:-lock)?|tokenizer(?:_config)?|vocab|merges|special_tokens_map|generation_config|wandb-metadata|wandb-summary|requirements|licen[cs]e|readme|meta)(?:\.(?:json|txt|md))?$/i;
const SKIPPED_DIRECTORIES = new Set(["node_modules", ".git", "__pycache__", ".venv"]);

export async function listFiles(root: string, { all = false }: { all?: boolean } = {}): Promise<string[]> {
  const entries = (await readdir(root, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = new Set(entries.map((entry) => entry.name));
  const hasWandb = entries.some((entry) => entry.name.endsWith(".wandb"));
  const out: string[] = [];
  for (const entry of entries) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) {
      // a W&B run keeps copies of its console and summary beside the real thing
      const copies = hasWandb && ["files", "logs", "tmp"].includes(entry.name);
      if (!copies && !SKIPPED_DIRECTORIES.has(entry.name)) out.push(...(await listFiles(path, { all })));
    } else if (entry.name === "run.json" && names.has("metrics.jsonl")) {
      // a run folder of ours: its settings are no log
    } else if (entry.isFile() && (all || isMlflowFile(root, names) || mayBeLog(entry.name))) out.push(path);
  }
  return out;
}

function mayBeLog(name: string): boolean {
  return LOG_NAME.test(name) && !NOT_LOGS.test(name);
}

/** MLflow names metric files after the metric, dots and all. */
function isMlflowFile(root: string, names: ReadonlySet<string>): boolean {
  return root.split(sep).includes("metrics") && !names.has("meta.yaml");
}

export function isGlob(path: string): boolean {
  return /[*?{[]/.test(path);
}

// Files that match a pattern with `*`, `?`, `**`, `[ab]`, `{a,b}`.
export async function matchGlob(pattern: string): Promise<string[]> {
  const parts = pattern.split("/");
  const firstWild = parts.findIndex(isGlob);
  const base = parts.slice(0, firstWild).join("/") || (pattern.startsWith("/") ? "/" : ".");
  const matcher = globToRegExp(pattern.replace(/^\.\//, ""));
  try {
    const files = await listFiles(base, { all: true });
    return files.filter((file) => matcher.test(file.split(sep).join("/").replace(/^\.\//, "")));
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return [];
    throw error;
  }
}

export function globToRegExp(pattern: string): RegExp {
  let source = "";
  let braces = 0;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    if (c === "*" && pattern[i + 1] === "*") {
      const slash = pattern[i + 2] === "/";
      source += slash ? "(?:.*/)?" : ".*";
      i += slash ? 2 : 1;
    } else if (c === "*") source += "[^/]*";
    else if (c === "?") source += "[^/]";
    else if (c === "[" && pattern.indexOf("]", i + 2) > 0) {
      const close = pattern.indexOf("]", i + 2);
      source += `[${pattern
        .slice(i + 1, close)
        .replace(/^!/, "^")
        .replace(/\\/g, "\\\\")}]`;
      i = close;
    } else if (c === "{" && pattern.indexOf("}", i) > 0) {
      source += "(?:";
      braces++;
    } else if (c === "}" && braces > 0) {
      source += ")";
      braces--;
    } else if (c === "," && braces > 0) source += "|";
    else source += c.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  }
  try {
    return new RegExp(`^${source}$`);
  } catch (error) {
    const help = "write [a-z] with the lower end first, and close every bracket";
    throw new SteepestError("bad-pattern", "the pattern can't be read", {
      where: pattern,
      help,
      cause: error,
    });
  }
}
