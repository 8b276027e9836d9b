/** Command-line overrides of a run: `--optimizer.lr 0.1 --steps 500 --model.hidden 128,64 --data.standardize`. */
import { SteepestError } from "./errors.ts";
import { type Path, showPath } from "./spec.ts";

/** One value of a run file that is replaced, as `--optimizer.lr=0.1` does. */
export interface Override {
  readonly at: Path;
  readonly value: unknown;
}

/** Reads what is left of the command line after its own options. Throws `usage` for anything that is not a flag. */
export function parseOverrides(args: readonly string[]): Override[] {
  const overrides: Override[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!/^--[A-Za-z]/.test(arg)) {
      throw new SteepestError("usage", `unexpected argument "${arg}"`, {
        help: "settings of the run are written --key value, e.g. --optimizer.lr 0.1 --steps 500",
      });
    }
    const equals = arg.indexOf("=");
    const key = arg.slice(2, equals < 0 ? undefined : equals);
    const next = args[i + 1];
    let text = equals < 0 ? "true" : arg.slice(equals + 1);
    if (equals < 0 && next !== undefined && !/^--[A-Za-z]/.test(next)) {
      text = next;
      i++;
    }
    overrides.push({ at: key.split("."), value: parseValue(text) });
  }
  return overrides;
}

/** `0.1` and `1e-3` are numbers, `true` and `null` themselves, `[…]`/`{…}` JSON, `a,b` a list, the rest a word. */
export function parseValue(text: string): unknown {
  if (/^[[{]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new SteepestError("usage", `${text} is not JSON: ${(cause as Error).message}`, {
        help: "quote it for the shell, e.g. '[0.9, 0.99]'",
        cause,
      });
    }
  }
  return text.includes(",")
    ? text
        .split(",")
        .filter((s) => s !== "")
        .map(parseScalar)
    : parseScalar(text);
}

/** Numbers, NaN, true, false and null as such; else text. */
export function parseScalar(text: string): string | number | boolean | null {
  const word = text.trim();
  if (word === "true" || word === "false") return word === "true";
  if (word === "null") return null;
  if (word === "NaN") return Number.NaN;
  const value = Number(word);
  return word !== "" && !Number.isNaN(value) ? value : text;
}

/**
 * The record with the overrides laid over it. `--steps` replaces `epochs` and the other way round; naming another
 * optimizer (`--optimizer sgd`) keeps the learning rate and drops the old one's options.
 */
export function applyOverrides(
  record: Readonly<Record<string, unknown>>,
  overrides: readonly Override[],
): Record<string, unknown> {
  const out = structuredClone(record) as Record<string, unknown>;
  for (const { at, value } of [...overrides].sort((a, b) => a.at.length - b.at.length)) {
    const [first] = at;
    if (at.length === 1 && first === "steps") delete out["epochs"];
    if (at.length === 1 && first === "epochs") delete out["steps"];
    if (at.length === 1 && first === "optimizer" && typeof value === "string") {
      const lr = recordAt(out, "optimizer")?.["lr"];
      out["optimizer"] = lr === undefined ? { name: value } : { name: value, lr };
    } else {
      setAt(out, at, value);
    }
  }
  return out;
}

function setAt(root: Record<string, unknown>, at: Path, value: unknown): void {
  // these name what every object inherits, never a setting
  if (at.some((step) => ["__proto__", "constructor", "prototype"].includes(String(step)))) {
    throw new SteepestError("usage", `--${showPath(at)} names no setting`, {
      help: "settings are written --key value, e.g. --optimizer.lr 0.1",
    });
  }
  let target = root;
  at.slice(0, -1).forEach((step, depth) => {
    const key = String(step);
    const inner = target[key];
    // "adamw" is short for { name: "adamw" }
    if (inner === undefined) target[key] = {};
    else if (typeof inner === "string" && (key === "optimizer" || key === "schedule"))
      target[key] = { name: inner };
    const next = recordAt(target, key);
    if (next === undefined) {
      throw new SteepestError(
        "usage",
        `--${showPath(at)}: ${showPath(at.slice(0, depth + 1))} is not a record`,
        {
          help: `set --${showPath(at.slice(0, depth + 1))} itself`,
        },
      );
    }
    target = next;
  });
  target[String(at[at.length - 1])] = value;
}

function recordAt(record: Record<string, unknown>, key: string): Record<string, unknown> | undefined {
  const value = record[key];
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
