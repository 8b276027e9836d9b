/**
 * One value of JSON as training scripts really print it: bare NaN and Infinity, Python's None/True/nan/inf,
 * single quotes, tuples, trailing commas, `tensor(1.2)`. Strict JSON takes the engine's own parser.
 */
import { isRecord } from "../run/record.ts";
import { parseNumber } from "./number.ts";

export type Loose = number | string | null | Loose[] | { [key: string]: Loose };

/** The value that starts at `at`, and where it ends; null when none does. */
export function parseLoose(text: string, at = 0): { value: Loose; end: number } | null {
  const state = { text, at };
  const value = readValue(state, 0);
  return value === undefined ? null : { value, end: state.at };
}

/** A whole line as one record; null when it isn't one. */
export function parseRecord(line: string): { [key: string]: Loose } | null {
  let value: Loose;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const loose = parseLoose(line.trim());
    if (!loose || loose.end < line.trim().length) return null;
    value = loose.value;
  }
  return isRecord(value) ? value : null;
}

const MAX_DEPTH = 64;

interface State {
  readonly text: string;
  at: number;
}

function skipSpace(s: State): number {
  let c = s.text.charCodeAt(s.at);
  while (c === 32 || (c >= 9 && c <= 13)) c = s.text.charCodeAt(++s.at);
  return c;
}

function readValue(s: State, depth: number): Loose | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const c = skipSpace(s);
  if (c === 123) return readObject(s, depth);
  if (c === 91 || c === 40) return readArray(s, depth, c === 91 ? 93 : 41);
  if (c === 34 || c === 39) return readString(s, c);
  const start = s.at;
  while (s.at < s.text.length && !/[,:\]})\s]/.test(s.text[s.at]!)) {
    if (s.text[s.at] === "(") {
      const close = s.text.indexOf(")", s.at);
      if (close < 0) return undefined;
      s.at = close;
    }
    s.at++;
  }
  const word = s.text.slice(start, s.at);
  if (word === "") return undefined;
  return parseNumber(word) ?? (word === "null" || word === "None" ? null : word);
}

function readObject(s: State, depth: number): Loose | undefined {
  const object: { [key: string]: Loose } = Object.create(null);
  s.at++;
  for (;;) {
    const c = skipSpace(s);
    if (c === 125) {
      s.at++;
      return object;
    }
    const key = c === 34 || c === 39 ? readString(s, c) : readValue(s, depth + 1);
    if (key === undefined || (typeof key === "object" && key !== null) || skipSpace(s) !== 58)
      return undefined;
    s.at++;
    const value = readValue(s, depth + 1);
    if (value === undefined) return undefined;
    object[String(key)] = value;
    const next = skipSpace(s);
    if (next === 44) s.at++;
    else if (next !== 125) return undefined;
  }
}

function readArray(s: State, depth: number, close: number): Loose | undefined {
  const array: Loose[] = [];
  s.at++;
  for (;;) {
    if (skipSpace(s) === close) {
      s.at++;
      return array;
    }
    const value = readValue(s, depth + 1);
    if (value === undefined) return undefined;
    array.push(value);
    const next = skipSpace(s);
    if (next === 44) s.at++;
    else if (next !== close) return undefined;
  }
}

function readString(s: State, quote: number): string | undefined {
  let out = "";
  let from = ++s.at;
  for (; s.at < s.text.length; s.at++) {
    const c = s.text.charCodeAt(s.at);
    if (c === quote) {
      out += s.text.slice(from, s.at++);
      return out;
    }
    if (c === 92) {
      out += s.text.slice(from, s.at);
      const escaped = s.text[++s.at];
      if (escaped === "u" && /^[0-9a-fA-F]{4}$/.test(s.text.slice(s.at + 1, s.at + 5))) {
        out += String.fromCharCode(Number.parseInt(s.text.slice(s.at + 1, s.at + 5), 16));
        s.at += 4;
      } else out += escaped === "n" ? "\n" : escaped === "t" ? "\t" : (escaped ?? "");
      from = s.at + 1;
    }
  }
  return undefined;
}

/** Numbers of a record with their path (`train.loss`, `lr[0]`); text that spells a number counts as one. */
export function flatten(
  record: { [key: string]: Loose },
  onNumber: (name: string, value: number) => void,
  onNull: (name: string) => void = () => {},
): void {
  const visit = (name: string, value: unknown, depth: number): void => {
    if (typeof value === "number") onNumber(name, value);
    else if (typeof value === "string") {
      if (value.length > 40) return;
      const number = parseNumber(value);
      const share = number === undefined ? /^(\d+)\/\d+$/.exec(value) : null;
      if (number !== undefined) onNumber(name, number);
      else if (share) onNumber(name.split("/", 1)[0]!, Number(share[1])); // 'global_step/max_steps': '10/5000'
    } else if (value === null) onNull(name);
    else if (Array.isArray(value)) {
      if (value.length === 1) visit(name, value[0], depth + 1);
      else if (value.length <= 16) {
        for (const [i, v] of value.entries()) if (typeof v === "number") onNumber(`${name}[${i}]`, v);
      }
    } else if (isRecord(value) && depth < 4) {
      for (const key of Object.keys(value)) visit(`${name}.${key}`, value[key], depth + 1);
    }
  };
  for (const key of Object.keys(record)) visit(key, record[key], 0);
}
