/** Hyper-parameters that frameworks leave beside a log: Lightning's hparams.yaml, MLflow's params directory. */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseNumber } from "./number.ts";

const MAX_FACTS = 100;

/** Plain numbers and short words found in `directory`, for a log at `path`. */
export async function hyperParameters(
  directory: string,
  path: string,
): Promise<Record<string, string | number>> {
  const facts: Record<string, string | number> = {};
  const keep = (key: string, text: string): void => {
    const value = text.trim();
    if (value === "" || value.length > 80 || Object.keys(facts).length >= MAX_FACTS) return;
    facts[key] = parseNumber(value) ?? value.replace(/^(['"])(.*)\1$/, "$2");
  };
  if (/^metrics\.csv/.test(basename(path)) || path.includes("tfevents")) {
    const yaml = await textOrNull(join(directory, "hparams.yaml"));
    // top-level scalars only: values of classes and nested settings say little here
    for (const line of yaml?.split(/\r?\n/) ?? []) {
      const match = /^([A-Za-z_][\w.-]*):\s+([^\s#&*!|>{[][^#]*?)\s*(?:#.*)?$/.exec(line);
      if (match) keep(match[1]!, match[2]!);
    }
  }
  if (path.startsWith(join(directory, "metrics"))) {
    for (const name of await namesOrNone(join(directory, "params"))) {
      const text = await textOrNull(join(directory, "params", name));
      if (text !== null) keep(name, text);
    }
  }
  return facts;
}

function isAbsent(error: unknown): boolean {
  if (!(error instanceof Error && "code" in error)) return false;
  return error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "EISDIR";
}

async function textOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

async function namesOrNone(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
