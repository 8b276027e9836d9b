/** A line form that a program prints again and again, and the numbers of its lines. */
import { Column } from "./store.ts";
import type { Tokens } from "./tokens.ts";
import { NUMBER } from "./tokens.ts";

export interface Piece {
  readonly kind: number;
  readonly text: string;
  /** Columns of the decoded line. */
  readonly start: number;
  readonly end: number;
  /** What is glued to a number: "s", "%", "it/s". */
  readonly unit: string;
}

export interface Template {
  readonly id: number;
  /** Its first line, and up to three lines before it, the nearest last. */
  readonly line: string;
  readonly context: readonly string[];
  readonly pieces: readonly Piece[];
  readonly columns: readonly Column[];
  /** Lines without numbers that stood above one of its lines and came more than once: a header printed again may be among them. */
  readonly again: string[];
  /** Place of its first line among all lines. */
  readonly first: number;
  last: number;
  rows: number;
}

const decoder = new TextDecoder();

export function makeTemplate(
  id: number,
  first: number,
  {
    bytes,
    from,
    to,
    tokens,
    context,
  }: { bytes: Uint8Array; from: number; to: number; tokens: Tokens; context: readonly string[] },
): Template {
  const line = decoder.decode(bytes.subarray(from, to));
  const ascii = line.length === to - from;
  const at = (byte: number): number =>
    ascii ? byte - from : decoder.decode(bytes.subarray(from, byte)).length;
  const pieces: Piece[] = [];
  const columns: Column[] = [];
  for (let i = 0; i < tokens.count; i++) {
    const start = at(tokens.start[i]!);
    const end = at(tokens.end[i]!);
    const number = tokens.kind[i] === NUMBER;
    const unit = number ? line.slice(at(tokens.unit[i]!), end) : "";
    pieces.push({ kind: tokens.kind[i]!, text: line.slice(start, end), start, end, unit });
    if (number) columns.push(new Column());
  }
  return { id, line, context, again: [], pieces, columns, first, last: first, rows: 0 };
}
