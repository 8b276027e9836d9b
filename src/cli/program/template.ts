/**
 * A command with blanks: `{lr}`, `{seed}`, `{steps}`, `{out}` and names of the user's, filled for each trial. What the
 * command does not name it finds in its environment, and `--override` writes into a copy of its settings file.
 */

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { SteepestError } from "../../run/errors.ts";
import { parseScalar } from "../../run/overrides.ts";

export type Blanks = Readonly<Record<string, string | number>>;

export interface Template {
  readonly command: readonly string[];
  /** Keys of a settings file, in the form "optimizer.lr", and what is written there. */
  readonly overrides: readonly Override[];
}

interface Override {
  readonly path: readonly string[];
  readonly text: string;
}

export interface Filled {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** @throws SteepestError for an override that is none, or one without a settings file. */
export function createTemplate(command: readonly string[], overrides: readonly string[]): Template {
  const parsed = overrides.map((text): Override => {
    const [, path, value] = /^([^:=]+)[:=]\s*(.+)$/s.exec(text) ?? [];
    if (path === undefined || value === undefined) {
      throw new SteepestError("usage", `--override ${text} is no setting`, {
        help: "write key: value, for example --override 'optimizer.lr: {lr}'",
      });
    }
    return { path: path.trim().split("."), text: value.trim() };
  });
  if (parsed.length > 0 && settingsOf(command).length === 0) {
    throw new SteepestError("usage", "--override has no file to write to", {
      help: "the command must name its settings file: one that ends in .yaml, .yml, .json or .toml",
    });
  }
  return { command, overrides: parsed };
}

/** Where the template names `{name}`. */
export const mentions = ({ command, overrides }: Template, name: string): boolean =>
  [...command, ...overrides.map((o) => o.text)].some((text) => text.includes(`{${name}}`));

/** `{out}` is a folder that is there; settings files are copied into it. */
export async function fill(template: Template, blanks: Blanks): Promise<Filled> {
  const command = template.command.map((word) => fillWord(word, blanks));
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(blanks))
    env[`STEEPEST_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`] = String(value);
  if (template.overrides.length === 0) return { command, env };
  for (const at of settingsOf(command)) {
    const copy = join(String(blanks["out"]), basename(command[at]!));
    await writeSettings(command[at]!, copy, template.overrides, blanks);
    command[at] = copy;
  }
  return { command, env };
}

/** A text with its blanks filled; `{…}` of another name stays. */
export const fillWord = (word: string, blanks: Blanks): string =>
  word.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(blanks, name) ? String(blanks[name]) : whole,
  );

/** How a user trains with these values: the command, and what its settings file must say. */
export function commandAt(
  template: Template,
  blanks: { readonly lr: number; readonly seed: number },
): string {
  const command = template.command.map((word) => fillWord(word, blanks));
  const line = command.join(" ");
  if (template.command.some((word) => word.includes("{lr}"))) return line;
  const settings = template.overrides.filter(({ text }) => text.includes("{lr}"));
  if (settings.length === 0) return `STEEPEST_LR=${blanks.lr} ${line}`;
  const files = settingsOf(command).map((at) => command[at]);
  const values = settings.map(({ path, text }) => `${path.join(".")}: ${fillWord(text, blanks)}`);
  return `${line}, with ${values.join(", ")} in ${files.join(" and ")}`;
}

/** Places in a command that name a settings file. */
function settingsOf(command: readonly string[]): number[] {
  return command.flatMap((word, i) =>
    i > 0 && FORMATS[extname(word).toLowerCase()] !== undefined && existsSync(word) && statSync(word).isFile()
      ? [i]
      : [],
  );
}

type Setting = readonly [path: readonly string[], value: unknown];

/** Text of a settings file with some of its values changed. */
type Edit = (text: string, settings: readonly Setting[]) => Promise<string>;

const editYaml: Edit = async (text, settings) => {
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text);
  if (document.errors.length > 0) throw document.errors[0]!;
  for (const [path, value] of settings) {
    if (!document.hasIn(path)) throw new MissingKey(path);
    document.setIn(path, value);
  }
  return document.toString();
};

const editJson: Edit = async (text, settings) => {
  const values: unknown = JSON.parse(text);
  for (const [path, value] of settings) setIn(values, path, value);
  return `${JSON.stringify(values, null, 2)}\n`;
};

const editToml: Edit = async (text, settings) => {
  const { parse, stringify } = await import("smol-toml");
  const values = parse(text);
  for (const [path, value] of settings) setIn(values, path, value);
  return stringify(values);
};

const FORMATS: Readonly<Record<string, Edit>> = {
  ".yaml": editYaml,
  ".yml": editYaml,
  ".json": editJson,
  ".toml": editToml,
};

class MissingKey extends Error {
  constructor(path: readonly string[]) {
    super(`it has no setting ${path.join(".")}`);
  }
}

function setIn(values: unknown, path: readonly string[], value: unknown): void {
  let at = values;
  for (const key of path.slice(0, -1)) at = hasKeys(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  const last = path.at(-1)!;
  if (!hasKeys(at) || !Object.hasOwn(at, last)) throw new MissingKey(path);
  at[last] = value;
}

const hasKeys = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

async function writeSettings(
  from: string,
  to: string,
  overrides: readonly Override[],
  blanks: Blanks,
): Promise<void> {
  const settings = overrides.map(({ path, text }): Setting => [path, valueOf(fillWord(text, blanks))]);
  let edited: string;
  try {
    edited = await FORMATS[extname(from).toLowerCase()]!(readFileSync(from, "utf8"), settings);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new SteepestError("settings", `the settings can't be changed: ${cause.message}`, {
      where: from,
      help: "check the file, and the key of --override: parts of a path are joined by dots",
      cause,
    });
  }
  writeFileSync(to, edited);
}

/** As flags are read, but what JSON has no number for stays text. */
function valueOf(text: string): unknown {
  const value = parseScalar(text);
  return typeof value === "number" && !Number.isFinite(value) ? text : value;
}
