/** Run files on disk: JSON, YAML, or a module that default-exports the same record and may bring functions. */

import { readFileSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, join, posix, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { closest, SteepestError } from "./errors.ts";
import { shipped } from "./node-shipped.ts";
import { applyOverrides, type Override } from "./overrides.ts";
import { parseRun } from "./parse-run.ts";
import { isRecord } from "./record.ts";
import { parseRunText } from "./run-file.ts";
import { type Path, type RunSpec, showPath } from "./spec.ts";

const MODULE = /\.[cm]?[jt]s$/i;

/** Reads, overrides, checks. Paths in the result are absolute; a module's own functions become `{ module }`. */
export async function readRunFile(
  file: string,
  { overrides = [], cwd = process.cwd() }: { overrides?: readonly Override[]; cwd?: string } = {},
): Promise<RunSpec> {
  const full = resolve(cwd, file);
  const { record, locate } = MODULE.test(full)
    ? { record: await readModule(full), locate: () => `in ${file}` }
    : parseRunText(await readText(full, file), file);
  if (!isRecord(record)) {
    throw new SteepestError("run-file", "a run is a record of settings", {
      where: `in ${file}`,
      help: 'start with { "data": …, "model": …, "optimizer": … }',
    });
  }
  const named = { name: nameFrom(full), ...record } as Record<string, unknown>;
  const absolute = applyOverrides(
    resolvePaths(named, dirname(full)),
    overrides.map((o) => ({ at: o.at, value: resolveValue(o.at, o.value, cwd) })),
  );
  const flags = new Set(overrides.map((o) => showPath(o.at)));
  return parseRun(absolute, {
    locate: (at) => (flags.has(showPath(at)) ? `at --${showPath(at)}` : locate(at)),
  });
}

/** `runs/x/run.json` and `examples/digits.json` are called after their file; the extension and odd letters go. */
function nameFrom(full: string): string {
  const name = basename(full, extname(full))
    .replace(/[^\w.-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  return name === "" ? "run" : name;
}

async function readText(full: string, shown: string): Promise<string> {
  try {
    return readFileSync(full, "utf8");
  } catch (cause) {
    throw await unreadable(full, shown, cause);
  }
}

async function unreadable(full: string, shown: string, cause: unknown): Promise<SteepestError> {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") {
    const near = closest(basename(full), await readdir(dirname(full)).catch((): string[] => []));
    return new SteepestError("run-missing", `there is no run file ${shown}`, {
      help: near
        ? `did you mean ${join(dirname(shown), near)}?`
        : "check the path, or see examples/ for run files",
      cause,
    });
  }
  return new SteepestError(
    "run-unreadable",
    `${shown} can't be read: ${code === "EISDIR" ? "it is a folder" : message}`,
    {
      help: code === "EISDIR" ? "name the run file inside it" : "give yourself permission to read it",
      cause,
    },
  );
}

/** What a run module default-exports: a run whose `model` and `loss` may be functions. */
async function readModule(full: string): Promise<unknown> {
  if (statSync(full, { throwIfNoEntry: false })?.isFile() !== true) {
    throw await unreadable(full, full, Object.assign(new Error("no such file"), { code: "ENOENT" }));
  }
  const record = (await importModule(full))["default"];
  if (typeof record !== "object" || record === null) return record;
  const out: Record<string, unknown> = { ...record };
  for (const key of ["model", "loss"]) {
    if (typeof out[key] === "function" || isLayer(out[key])) out[key] = { module: full };
  }
  return out;
}

const isLayer = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as { forward?: unknown }).forward === "function";

/** A model or loss out of a module: its export of that name, or that key of the default export. */
export async function importFunction(file: string, name: "model" | "loss"): Promise<unknown> {
  const module = await importModule(file);
  const standard = module["default"];
  const inDefault =
    typeof standard === "object" && standard !== null
      ? (standard as Record<string, unknown>)[name]
      : undefined;
  const found = module[name] ?? inDefault ?? (typeof standard === "function" ? standard : undefined);
  if (typeof found === "function" || (name === "model" && isLayer(found))) return found;
  throw new SteepestError("module", `the module has no ${name}`, {
    where: `in ${file}`,
    help: `export it: export const ${name} = …`,
  });
}

/** TypeScript and JavaScript through jiti; `import … from "steepest"` there means this very copy. */
async function importModule(file: string): Promise<Record<string, unknown>> {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new SteepestError("module", `there is no module ${file}`, {
      help: "check the path; it is relative to the run file",
    });
  }
  const { createJiti } = await import("jiti");
  const jiti = createJiti(import.meta.url, { alias: selfAlias() });
  try {
    return await jiti.import<Record<string, unknown>>(pathToFileURL(file).href);
  } catch (cause) {
    if (cause instanceof SteepestError) throw cause;
    const { message, stack } = cause as Error;
    const place = stack
      ?.split("\n")
      .find((line) => line.includes(file))
      ?.match(/(\d+:\d+)\)?$/)?.[1];
    throw new SteepestError("module", `the module failed while loading: ${message.split("\n")[0]}`, {
      where: place ? `at ${file}:${place}` : `in ${file}`,
      help: "correct the module; it is run when the run file is read",
      cause,
    });
  }
}

/** The package's subpaths that are folders of the sources: the sources when we run from those, else what was built. */
function selfAlias(): Record<string, string> {
  const { exports } = JSON.parse(readFileSync(shipped("package.json"), "utf8")) as {
    exports: Record<string, string | { default: string }>;
  };
  const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
  const target = (subpath: string): string =>
    import.meta.url.endsWith(".ts")
      ? join(root, subpath, "index.ts")
      : fileURLToPath(import.meta.resolve(posix.join("steepest", subpath)));
  const folders = Object.entries(exports).filter(
    ([, to]) => typeof to !== "string" && to.default.endsWith("/index.js"),
  );
  return Object.fromEntries(folders.map(([subpath]) => [posix.join("steepest", subpath), target(subpath)]));
}

/** Keys whose value is a path. */
const isPathKey = (at: Path): boolean =>
  /^(data\.(csv|npy|idx|text|test|test\.npy|test\.idx|test\.target)|(model|loss)\.module)$/.test(
    showPath(at),
  );

function resolveValue(at: Path, value: unknown, base: string): unknown {
  return typeof value === "string" && isPathKey(at) && !isAbsolute(value) ? resolve(base, value) : value;
}

/** A target is a path too where the features are arrays; in a CSV it is a column. */
function resolvePaths(record: Record<string, unknown>, base: string): Record<string, unknown> {
  const walk = (value: unknown, at: Path, arrays: boolean): unknown => {
    if (!isRecord(value)) {
      const isTarget = arrays && showPath(at) === "data.target" && typeof value === "string";
      return isTarget && !isAbsolute(value as string)
        ? resolve(base, value as string)
        : resolveValue(at, value, base);
    }
    const inArrays = arrays || "npy" in value || "idx" in value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, walk(v, [...at, k], inArrays)]));
  };
  return walk(record, [], false) as Record<string, unknown>;
}
