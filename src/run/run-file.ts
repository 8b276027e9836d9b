/** The text of a run file, JSON or YAML, with the place of every key for messages. Browser-safe. */
import { type Alias, type Document, isCollection, isScalar, LineCounter, parseDocument, visit } from "yaml";
import { SteepestError } from "./errors.ts";
import { jsonErrorOffset } from "./json-error.ts";
import type { Path } from "./spec.ts";

/** A run file's text as a record, with the place of each key for messages. */
export interface ParsedText {
  readonly record: unknown;
  /** "at run.json:3:5" for the key at a path, or for the nearest record around it. */
  readonly locate: (at: Path) => string;
}

/** No run file nests deeper; the parsers call themselves once a level. */
const MAX_DEPTH = 100;

/** Throws `run-syntax` with line and column. `name` is the file's name in messages. */
export function parseRunText(text: string, name: string): ParsedText {
  const clean = text.replace(/^\uFEFF/, "");
  const lines = new LineCounter();
  const isJson = !/\.ya?ml$/i.test(name);
  // what UTF-16 reads as: its mark is no character, and half of its bytes are 0
  if (/^\uFFFD\uFFFD|\0/.test(clean)) {
    throw new SteepestError("run-syntax", "the file is UTF-16, or no text", {
      where: `at ${name}:1:1`,
      help: "save it as UTF-8, e.g. iconv -f utf-16 -t utf-8",
    });
  }
  refuseDeep(clean, name);
  const json = isJson ? parseJson(clean, name) : undefined;
  // JSON is YAML, so one parser knows the places in both.
  // Its own search for repeated keys compares each with each.
  const document = parseDocument(clean, { lineCounter: lines, uniqueKeys: false, strict: true });
  const error = document.errors[0] ?? repeatedKey(document);
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
  return { record: isJson ? json : valuesOf(document, name, lines), locate };
}

interface RepeatedKey {
  readonly message: string;
  readonly pos: readonly [number];
}

/** The first key that is written twice in one record, in the form of the parser's own errors. */
function repeatedKey(document: Document): RepeatedKey | undefined {
  let found: RepeatedKey | undefined;
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          found = { message: "Map keys must be unique", pos: [key.range?.[0] ?? 0] };
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}

/** Brackets that open more than `MAX_DEPTH` levels, or a line that is indented for as many. */
function refuseDeep(text: string, name: string): void {
  let depth = 0;
  let line = 1;
  let lineStart = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "\n") {
      line++;
      lineStart = i + 1;
      inString = false;
    } else if (inString) {
      if (c === "\\") i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === "[" || c === "{") depth++;
    else if (c === "]" || c === "}") depth = Math.max(0, depth - 1);
    // block YAML: each level is indented by one blank at least, or is a dash on the same line
    const block = i === lineStart ? /^[ -]*/.exec(text.slice(i, i + 2 * MAX_DEPTH + 1))![0].length : 0;
    if (depth <= MAX_DEPTH && block <= 2 * MAX_DEPTH) continue;
    throw new SteepestError("run-syntax", `the file nests more than ${MAX_DEPTH} levels deep`, {
      where: `at ${name}:${line}:${i - lineStart + 1}`,
      help: "a run file is a record of settings: see examples/ for some",
    });
  }
}

/** The values of a YAML document. Throws `run-syntax` for an alias that names nothing, repeats too much or stands in what it names. */
function valuesOf(document: Document, name: string, lines: LineCounter): unknown {
  const circle = aliasInItself(document);
  if (circle !== null) {
    const { line, col } = lines.linePos(circle.range?.[0] ?? 0);
    throw new SteepestError("run-syntax", `not valid YAML: *${circle.source} stands inside what it names`, {
      where: `at ${name}:${line}:${col}`,
      help: "write the value out",
    });
  }
  try {
    return document.toJS();
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause;
    let alias = "";
    let offset = 0;
    visit(document, {
      Alias: (_, node) => {
        if (alias !== "" || node.resolve(document) !== undefined) return;
        alias = node.source;
        offset = node.range?.[0] ?? 0;
      },
    });
    const { line, col } = lines.linePos(offset);
    throw alias === ""
      ? new SteepestError("run-syntax", "not valid YAML: its aliases repeat too many values", {
          where: `in ${name}`,
          help: "write the values out",
          cause,
        })
      : new SteepestError("run-syntax", `not valid YAML: the alias *${alias} names nothing`, {
          where: `at ${name}:${line}:${col}`,
          help: `set the anchor &${alias} above it, or quote the text: "*${alias}"`,
          cause,
        });
  }
}

/** An alias whose anchor is a list or record around it: its value would have no end. */
function aliasInItself(document: Document): Alias | null {
  let found: Alias | null = null;
  visit(document, {
    Alias: (_, alias, path) => {
      if (!path.some((around) => isCollection(around) && around.anchor === alias.source)) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
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
