/** The text of a run file, JSON or YAML, with the place of every key for messages. Browser-safe. */
import { LineCounter, parseDocument } from "yaml";
import { SteepestError } from "./errors.ts";
import { jsonErrorOffset } from "./json-error.ts";
import type { Path } from "./spec.ts";

export interface ParsedText {
  readonly record: unknown;
  /** "at run.json:3:5" for the key at a path, or for the nearest record around it. */
  readonly locate: (at: Path) => string;
}

/** Throws `run-syntax` with line and column. `name` is the file's name in messages. */
export function parseRunText(text: string, name: string): ParsedText {
  const clean = text.replace(/^\uFEFF/, "");
  const lines = new LineCounter();
  const isJson = !/\.ya?ml$/i.test(name);
  const json = isJson ? parseJson(clean, name) : undefined;
  // JSON is YAML, so one parser knows the places in both.
  const document = parseDocument(clean, { lineCounter: lines, uniqueKeys: true, strict: true });
  const error = document.errors[0];
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw syntaxError(
      isJson ? "JSON" : "YAML",
      error.message.split(/ at line \d+/)[0]!,
      `at ${name}:${line}:${col}`,
      error,
    );
  }
  const locate = (at: Path): string => {
    for (let depth = at.length; depth > 0; depth--) {
      const parent: unknown = depth === 1 ? document.contents : document.getIn(at.slice(0, depth - 1), true);
      const items = (parent as { items?: readonly unknown[] } | undefined)?.items ?? [];
      const key = at[depth - 1]!;
      const item = items.find((i, n) => keyOf(i) === key || n === key);
      const node = (item as { key?: unknown } | undefined)?.key ?? item;
      const start = (node as { range?: readonly number[] } | undefined)?.range?.[0];
      if (start !== undefined) {
        const { line, col } = lines.linePos(start);
        return `at ${name}:${line}:${col}`;
      }
    }
    return `in ${name}`;
  };
  return { record: isJson ? json : document.toJS(), locate };
}

const keyOf = (item: unknown): unknown => (item as { key?: { value?: unknown } }).key?.value;

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const offset = jsonErrorOffset(text);
    const before = offset === text.length ? text.trimEnd() : text.slice(0, offset);
    const line = before.split("\n").length;
    const column = before.length - before.lastIndexOf("\n");
    const what = offset === text.length ? "it ends too early" : `unexpected ${JSON.stringify(text[offset])}`;
    throw syntaxError("JSON", what, `at ${name}:${line}:${column}`, cause);
  }
}

function syntaxError(language: string, what: string, where: string, cause: unknown): SteepestError {
  return new SteepestError("run-syntax", `not valid ${language}: ${what}`, {
    where,
    help:
      language === "JSON"
        ? "correct that place; JSON has no comments and no comma before a closing bracket (YAML allows comments)"
        : "correct that place; YAML indents with spaces and needs a space after each colon",
    cause,
  });
}
