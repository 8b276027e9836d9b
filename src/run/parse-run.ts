/** Run files: checked against the schema, with one clear message for what is wrong. */
import type { z } from "zod";
import { closest, SteepestError } from "./errors.ts";
import { alternatives, checkRun, runKeys } from "./run-schema.ts";
import { type Path, type RunSpec, showPath } from "./spec.ts";

/**
 * Checks a record and fills defaults in. `locate` says where a key was written, e.g. "at run.json:3:5".
 * Throws `run-file` with one message for the first problem, naming key and place, and how many more there are.
 */
export function parseRun(
  record: unknown,
  { locate }: { locate?: (at: Path) => string | undefined } = {},
): RunSpec {
  const result = checkRun(record);
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => flatten(issue, record, []));
    const first = problems[0]!;
    const { help } = first;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    throw new SteepestError("run-file", `${first.what}${more}`, {
      where: locate?.(first.at) ?? (first.at.length > 0 ? `at ${showPath(first.at)}` : undefined),
      help: typeof help === "function" ? help() : help,
    });
  }
  const spec = result.data;
  if (spec.epochs !== undefined && spec.steps !== undefined) {
    throw new SteepestError("run-file", "both epochs and steps are given", {
      where: locate?.(["epochs"]),
      help: "remove one: they would contradict each other",
    });
  }
  return spec.epochs === undefined && spec.steps === undefined ? { ...spec, epochs: 10 } : spec;
}

interface Problem {
  readonly at: Path;
  readonly what: string;
  /** A function where finding the words costs time: there may be a hundred thousand problems. */
  readonly help?: string | (() => string) | undefined;
}

type Issue = z.core.$ZodIssue;

/** A zod issue in our words. Of a union's alternatives, the one that the record most looks like is reported. */
function flatten(issue: Issue, root: unknown, base: Path): Problem[] {
  const at: Path = [...base, ...(issue.path as (string | number)[])];
  const key = showPath(at);
  const value = valueAt(root, at);
  if (issue.code === "unrecognized_keys") {
    const misnamed = kindForSource(at, value);
    if (misnamed !== undefined) return [misnamed];
    return issue.keys.map((word): Problem => {
      const help = (): string => {
        const known = knownKeys(at, value);
        const near = closest(word, known);
        return near ? `did you mean "${near}"?` : `the keys are ${known.join(", ")}`;
      };
      return { at: [...at, word], what: `unknown key "${word}"${key ? ` in ${key}` : ""}`, help };
    });
  }
  if (issue.code === "invalid_union") {
    if (issue.errors.length > 0 && typeof value === "object" && value !== null) {
      const branch = [...issue.errors].sort((a, b) => distance(a) - distance(b))[0]!;
      const discriminators = missingDiscriminator(at, value);
      if (discriminators) return [discriminators];
      return branch.flatMap((inner) => flatten(inner, root, at));
    }
  }
  if (issue.code === "invalid_type" && value === undefined) {
    return [{ at, what: `"${key}" is missing`, help: `add "${key}" (${issue.expected}) to the run` }];
  }
  return [
    {
      at,
      what: `${key || "the run"} is ${show(value)}`,
      help: `${key || "it"} ${requirement(issue)}${issue.code === "invalid_type" && issue.expected === "array" ? `, such as [${show(value)}]; as a flag: --${key} ${String(value)},` : ""}`,
    },
  ];
}

/** `{ source: "csv", path: … }`: a kind of file where a built-in data set is named. */
function kindForSource(at: Path, value: unknown): Problem | undefined {
  if (showPath(at) !== "data" || typeof value !== "object" || value === null) return undefined;
  const kind = dataKinds.find((k) => k !== "source" && "source" in value && value.source === k);
  if (kind === undefined) return undefined;
  return {
    at: [...at, "source"],
    what: `there is no built-in data set ${show(kind)}`,
    help: `name the file itself: "data": { "${kind}": "path/to/file" }`,
  };
}

/** `data` and `model` are told apart by one key: when it is missing or unknown, say which there are. */
function missingDiscriminator(at: Path, value: object): Problem | undefined {
  const name = showPath(at);
  if (name === "data" && !dataKinds.some((k) => k in value)) {
    const word = Object.keys(value)[0];
    const near = word === undefined ? undefined : closest(word, dataKinds);
    return {
      at,
      what: "data does not say where the rows come from",
      help: near ? `did you mean "${near}" instead of "${word}"?` : `give one of ${dataKinds.join(", ")}`,
    };
  }
  if (name === "model" && !("module" in value)) {
    const kind = (value as { kind?: unknown }).kind;
    if (typeof kind === "string" && (modelKinds as readonly string[]).includes(kind)) return undefined;
    const near = typeof kind === "string" ? closest(kind, modelKinds) : undefined;
    return {
      at: kind === undefined ? at : [...at, "kind"],
      what: kind === undefined ? `"model.kind" is missing` : `there is no model of kind ${show(kind)}`,
      help: near
        ? `did you mean "${near}"?`
        : `the kinds are ${modelKinds.join(", ")}, or give { "module": "./model.ts" }`,
    };
  }
  return undefined;
}

const dataKinds = ["source", "csv", "npy", "idx", "text"] as const;
const modelKinds = ["linear", "mlp", "cnn", "transformer"] as const;

/** How little a union's alternative fits: a wrong discriminating key weighs more than a wrong value. */
function distance(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => {
    if (issue.code === "unrecognized_keys") return sum + 2 * issue.keys.length;
    if (issue.code === "invalid_value") return sum + 10;
    if (issue.code === "invalid_type" && issue.path.length === 0) return sum + 100;
    return sum + (issue.code === "invalid_type" ? 3 : 1);
  }, 0);
}

function requirement(issue: Issue): string {
  if (issue.message.startsWith("must")) return issue.message; // the schema's own words
  switch (issue.code) {
    case "invalid_type":
      return `must be ${article(issue.expected)}`;
    case "too_small":
      return `must be ${issue.inclusive ? "at least" : "greater than"} ${issue.minimum}`;
    case "too_big":
      return `must be ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
    case "invalid_value":
      return `must be ${issue.values.map((v) => JSON.stringify(v)).join(" or ")}`;
    default:
      return issue.message;
  }
}

const article = (type: string): string =>
  type === "int"
    ? "a whole number"
    : type === "array"
      ? "a list"
      : `a${/^[aeiou]/.test(type) ? "n" : ""} ${type}`;

/** The keys that a strict record at this place may have, by the alternative of the union that fits best. */
function knownKeys(at: Path, value: unknown): string[] {
  if (at.length === 0) return runKeys();
  const overlap = (keys: readonly string[]): number =>
    keys.filter((k) => typeof value === "object" && value !== null && k in value).length;
  return alternatives(String(at[0])).sort((a, b) => overlap(b) - overlap(a))[0] ?? [];
}

function valueAt(root: unknown, at: Path): unknown {
  return at.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    root,
  );
}

function show(value: unknown): string {
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
