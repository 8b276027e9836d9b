/** Names of a table's columns: the header stands within three lines above its first row, in any of the usual layouts. */
import type { Slot } from "./slots.ts";
import type { Template } from "./template.ts";

interface Cell {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const PIPE = /[|│┃║]/;
/** What makes a header a comment. */
const COMMENT = /^\s*(?:#+|%|\/\/)(?=\s|[\p{L}])/u;
const BAR = /\d%\|/;
const NUMERIC = /^[+-]?(?:\d[\d.,:]*(?:e[+-]?\d+)?%?|nan|inf)/i;

/** For each slot the name above it, or null; null when no line above is a header of this row. */
export function headerNames(template: Template, slots: readonly Slot[]): (string | null)[] | null {
  const free = slots.filter((s) => s.label === "" && !s.isTotal && !s.aside);
  if (free.length < 1 || free.length * 2 < slots.length - slots.filter((s) => s.isTotal || s.aside).length)
    return null;
  for (const lines of [template.context, ...template.again.map((line) => [line])]) {
    const names = below(lines, template, slots);
    if (names) return names;
  }
  return null;
}

/** "2026-01-19 21:30:12,252 - " before a line of a table, as loggers put it. */
const STAMP = /^\s*\[?\d{4}[-/]\d\d[-/]\d\d[ T][\d:.,]+\]?(?:\s+-\s)?/;

function below(
  context: readonly string[],
  template: Template,
  slots: readonly Slot[],
): (string | null)[] | null {
  const lines = context.map((line) =>
    withoutFront(line, template.line).replace(STAMP, (stamp) => " ".repeat(stamp.length)),
  );
  for (let i = lines.length - 1; i >= 0; i--) {
    const row = withoutFront(template.line, context[i]!);
    const names = bind(lines, i, { ...template, line: row }, slots);
    if (names) return names;
    if (!isRule(lines[i]!) && /\d/.test(lines[i]!)) return null; // other data stands between
  }
  return null;
}

/** The line with blanks for what it has in front as the other has: a date, a logger's name, a level. */
function withoutFront(line: string, other: string): string {
  let [i, j, end] = [0, 0, 0];
  while (i < line.length && j < other.length) {
    const [own, its] = [digitsAt(line, i), digitsAt(other, j)];
    if (own > 0 && its > 0) {
      i += own;
      j += its;
    } else if (line[i] === other[j]) {
      i++;
      j++;
      if (!/[\p{L}\p{N}]/u.test(line[i - 1]!)) end = i;
    } else break;
  }
  return /[\p{L}\p{N}]/u.test(line.slice(0, end)) ? " ".repeat(end) + line.slice(end) : line;
}

/** How many digits stand there in a row. */
function digitsAt(line: string, from: number): number {
  let to = from;
  while (to < line.length && line[to]! >= "0" && line[to]! <= "9") to++;
  return to - from;
}

function bind(
  lines: readonly string[],
  at: number,
  template: Template,
  slots: readonly Slot[],
): (string | null)[] | null {
  const header = lines[at]!.replace(COMMENT, (mark) => " ".repeat(mark.length));
  if (isRule(header)) return null;
  const piped = PIPE.test(header) && PIPE.test(template.line);
  const tabbed = header.includes("\t") && template.line.includes("\t");
  const comma = !piped && !tabbed && header.includes(",") && template.line.includes(",");
  let head = piped
    ? split(header, PIPE)
    : tabbed
      ? split(header, /\t/)
      : comma
        ? split(header, /,/)
        : spaced(header);
  if (!isHeader(head)) return null;
  const above = lines[at - 1];
  if (above !== undefined && !isRule(above) && piped && PIPE.test(above))
    head = stacked(split(above, PIPE), head);
  const row = piped
    ? split(template.line, PIPE)
    : tabbed
      ? split(template.line, /\t/)
      : comma
        ? split(template.line, /,/)
        : listed(template.line);
  if (slots.length === 1 && head.length === 1 && row.length <= 2) return [head[0]!.text];
  if (!piped && !tabbed && !comma && head.length !== row.length) {
    const single = words(header);
    if (single.length === row.length || single.length + 1 === row.length) head = single;
  }
  if (head.length < 2) return null;
  const cellOf = (slot: Slot): number => {
    const { start } = template.pieces[slot.piece]!;
    const inFront = template.line[start] === " ";
    return inFront ? -1 : row.findIndex((c) => start >= c.start && start < c.end);
  };
  let shift = Number.NaN;
  if (head.length === row.length) shift = 0;
  else if (!piped && !tabbed && !comma && leadingPlain(row) === head.length) shift = 0;
  else if (row.length === head.length + 1 && /^\d+$/.test(row[0]!.text)) shift = 1;
  else if (row.length > head.length && piped) shift = 0;
  if (!Number.isNaN(shift))
    return slots.map((slot) =>
      slot.isTotal || slot.aside ? null : (head[cellOf(slot) - shift]?.text ?? null),
    );
  // by place: the right or left edge, or the middle
  const used = new Set<Cell>();
  const names = slots.map((slot) => {
    if (slot.isTotal || slot.aside) return null;
    const cell = row[cellOf(slot)];
    const found = cell && nearest(head, cell);
    if (!found || used.has(found)) return null;
    used.add(found);
    return found.text;
  });
  const bound = names.filter((n) => n !== null).length;
  const wanted = slots.filter((s) => !s.isTotal && !s.aside).length;
  return bound >= 2 && bound >= 0.6 * Math.min(wanted, head.length) ? names : null;
}

/** Cells from the left that are a number and nothing else. */
function leadingPlain(row: readonly Cell[]): number {
  const at = row.findIndex((c) => !/^[+-]?[\d.]+(?:e[+-]?\d+)?[a-z%]{0,3}(?:\/\d+)?[:,]?$/i.test(c.text));
  return at < 0 ? row.length : at;
}

function nearest(head: readonly Cell[], cell: Cell): Cell | undefined {
  return (
    head.find((h) => Math.abs(h.end - cell.end) <= 2) ??
    head.find((h) => Math.abs(h.start - cell.start) <= 2) ??
    head.find((h) => h.start < cell.end && cell.start < h.end)
  );
}

/** A line of dashes, equals signs and the like, or a progress bar. */
function isRule(line: string): boolean {
  return BAR.test(line) || /^[\s\-=+_|:*~#┌┬┐├┼┤└┴┘─═╞╪╡╒╤╕╘╧╛╭╮╰╯━┏┳┓┡╇┩┗┻┛│]*$/.test(line);
}

function isHeader(cells: readonly Cell[]): boolean {
  const filled = cells.filter((c) => c.text !== "");
  if (filled.length === 0) return false;
  if (
    filled.some(
      (c) => NUMERIC.test(c.text) || /(?:^|[\s[(=:])[-+]?\d+(?:\.\d+)?(?:$|[\s\])%,:])/.test(c.text),
    )
  )
    return false;
  if (filled.some((c) => /[:=]\s*\S/.test(c.text) && !/\(.*:.*\)/.test(c.text))) return false;
  return filled.every((c) => c.text.length <= 90);
}

function stacked(above: readonly Cell[], below: readonly Cell[]): Cell[] {
  if (above.length !== below.length || !isHeader(above)) return [...below];
  return below.map((cell, i) => ({ ...cell, text: `${above[i]!.text} ${cell.text}`.trim() }));
}

function split(line: string, by: RegExp): Cell[] {
  const cells: Cell[] = [];
  let from = 0;
  for (let i = 0; i <= line.length; i++) {
    if (i < line.length && !by.test(line[i]!)) continue;
    cells.push({ text: line.slice(from, i).trim(), start: from, end: i });
    from = i + 1;
  }
  if (cells.length > 1 && cells[0]!.text === "") cells.shift();
  if (cells.length > 1 && cells[cells.length - 1]!.text === "") cells.pop();
  return cells;
}

/** Cells two or more spaces apart. */
function spaced(line: string): Cell[] {
  const two = [...line.matchAll(/\S+(?: \S+)*/g)].map(cellOf);
  return two.length >= 2 ? two : words(line);
}

function words(line: string): Cell[] {
  return [...line.matchAll(/\S+/g)].map(cellOf);
}

/** The same, a list in square brackets being one cell: `0  [1.2e-2, 5.6e-1]  []`. */
function listed(line: string): Cell[] {
  return [...line.matchAll(/\[[^[\]]*\]|\S+/g)].map(cellOf);
}

function cellOf(match: RegExpMatchArray): Cell {
  return { text: match[0], start: match.index!, end: match.index! + match[0].length };
}
