/**
 * Tables with a header: Lightning's metrics.csv, Keras' CSVLogger, W&B chart exports, anybody's CSV or TSV.
 * Plain rows are read from the bytes without making strings; a row with a quote goes through Papa Parse.
 */
import Papa from "papaparse";
import { SteepestError } from "../../run/errors.ts";
import type { LogFormat, RunLog } from "../../run/log.ts";
import { meaningOf, normalise } from "../columns.ts";
import { createUtf8Stream } from "../encoding.ts";
import { finishRuns, listNames } from "../finish.ts";
import { createLineCutter } from "../lines.ts";
import { isBlank, type NumberBlock, parseBytes, parseNumber } from "../number.ts";
import { steering } from "../objective.ts";
import { Recorder } from "../recorder.ts";
import { DEFAULT_POINTS, type Format, type FormatReader, type Head, type ReadOptions } from "../types.ts";
import { type Column, delimiterOf, planColumns, type TablePlan } from "./csv-columns.ts";

const QUOTE = 34;
/** A quoted cell of more lines is a stray quote. */
const MAX_LINES_OF_A_CELL = 200;

function createCsv(options: ReadOptions, head: Head): FormatReader {
  const maxPoints = options.maxPoints ?? DEFAULT_POINTS;
  const utf8 = createUtf8Stream();
  const decoder = new TextDecoder();
  const delimiter = delimiterOf(headerLine(head.lines));
  if (options.step === undefined && options.loss === undefined)
    refuseResults(head, delimiter, options.source);
  const delimiterByte = delimiter.charCodeAt(0);
  let plan: TablePlan | null = null;
  let recorders: Recorder[] = [];
  let values = new Float64Array(0);
  let filled = new Uint8Array(0);
  let pending: string[] = [];
  let quotesAreText = false;
  let ragged = 0;
  let lastFields = 0;

  const parseText = (line: string): string[] => {
    const { data } = Papa.parse<string[]>(line, { delimiter, newline: "\n" });
    return data[0] ?? [];
  };

  const readHeader = (fields: string[]): void => {
    const first = plan === null;
    const next = planColumns(
      fields.map((f) => f.trim()),
      options,
    );
    if (first) recorders = next.runs.map(() => new Recorder(maxPoints));
    plan = next;
    for (const column of next.columns) {
      if (column.kind === "value") column.series = recorders[column.run]!.series(column.name);
    }
    values = new Float64Array(fields.length);
    filled = new Uint8Array(fields.length);
  };

  const emit = (columns: readonly Column[], fields: number): void => {
    lastFields = fields;
    if (fields !== columns.length) ragged++;
    let step: number | undefined;
    let epoch: number | undefined;
    for (let i = 0; i < columns.length; i++) {
      if (filled[i] === 0) continue;
      const { kind } = columns[i]!;
      if (kind === "step") step = values[i]!;
      else if (columns[i]!.isEpoch) epoch = values[i]!;
    }
    for (const recorder of recorders) recorder.row(step, epoch);
    for (let i = 0; i < columns.length; i++) {
      if (filled[i] === 0) continue;
      filled[i] = 0;
      const column = columns[i]!;
      if (column.kind === "value") recorders[column.run]!.put(column.series, values[i]!);
    }
  };

  const readFields = (fields: string[]): void => {
    if (!plan) {
      readHeader(fields);
      return;
    }
    const { columns } = plan;
    if (
      fields[0]!.trim() === columns[0]!.name &&
      fields.every((f) => f.trim() === "" || parseNumber(f) === undefined)
    ) {
      readHeader(fields); // written again when a logger meets new columns or appends a run
      return;
    }
    for (let i = 0; i < fields.length && i < columns.length; i++) {
      const field = fields[i]!;
      const value = parseNumber(field);
      if (value !== undefined) {
        values[i] = value;
        filled[i] = 1;
      } else if (!isBlank(field)) readArrayCell(columns[i]!, field);
    }
    emit(columns, fields.length);
  };

  /** Keras prints a metric with several values as "[1, 2]"; each becomes a series of its own. */
  const readArrayCell = (column: Column, cell: string): void => {
    const inner = /^\s*[[(](.{1,400})[\])]\s*$/s.exec(cell)?.[1];
    if (inner === undefined || column.kind !== "value") return;
    const items = inner.split(/[\s,]+/).filter((item) => item !== "");
    const recorder = recorders[column.run]!;
    items.slice(0, 64).forEach((item, i) => {
      const value = parseNumber(item);
      if (value !== undefined)
        column.late.push([recorder.series(items.length === 1 ? column.name : `${column.name}[${i}]`), value]);
    });
  };

  const flushLate = (): void => {
    for (const column of plan?.columns ?? []) {
      for (const [series, value] of column.late) recorders[column.run]!.put(series, value);
      column.late.length = 0;
    }
  };

  /** A line as it stands: its quotes are part of the text. */
  const readLiteral = (line: string): void => {
    readFields(line.split(delimiter));
    flushLate();
  };

  /** The lines of a cell whose quote does not close are rows after all, and so are those below. */
  const giveUpQuotes = (): void => {
    const lines = pending;
    pending = [];
    quotesAreText = true;
    lines.forEach(readLiteral);
  };

  const readText = (line: string): void => {
    if (quotesAreText) {
      readLiteral(line);
      return;
    }
    if (leavesQuoteOpen(line, delimiter, pending.length > 0)) {
      pending.push(line); // a quoted cell goes on in the next line
      if (pending.length > MAX_LINES_OF_A_CELL) giveUpQuotes();
      return;
    }
    const whole = pending.length === 0 ? line : [...pending, line].join("\n");
    pending = [];
    readFields(parseText(whole));
    flushLate();
  };

  const readPlain = (block: NumberBlock, start: number, end: number): void => {
    const { bytes } = block;
    const { columns } = plan!;
    let field = 0;
    let from = start;
    for (let i = start; i <= end; i++) {
      if (i < end && bytes[i] !== delimiterByte) continue;
      if (field < columns.length && i > from && columns[field]!.kind !== "ignored") {
        const value = parseBytes(block, from, i);
        if (value !== undefined) {
          values[field] = value;
          filled[field] = 1;
        } else if (field === 0 || bytes[from] === 91) {
          // a word where numbers go: a repeated header or an array cell
          filled.fill(0);
          readText(decoder.decode(bytes.subarray(start, end)));
          return;
        }
      }
      field++;
      from = i + 1;
    }
    emit(columns, field);
  };

  const cutter = createLineCutter((block) => {
    let start = 0;
    let quote = nextQuote(block, 0);
    const numbers: NumberBlock = { bytes: block, text: null };
    while (start < block.length) {
      let newline = block.indexOf(10, start);
      if (newline < 0) newline = block.length;
      let end = newline;
      while (end > start && block[end - 1] === 13) end--;
      if (quote < start) quote = nextQuote(block, start);
      const blank = end === start;
      const comment = !plan && block[start] === 35;
      if (blank) {
        if (pending.length > 0) pending.push("");
      } else if (comment && newline > start && !headerIsComment(head.lines)) {
        // a remark above the header
      } else if (plan && pending.length === 0 && quote >= end) readPlain(numbers, start, end);
      else {
        const line = decoder.decode(block.subarray(start, end));
        readText(comment ? line.replace(/^#\s*/, "") : line);
      }
      start = newline + 1;
    }
  });

  return {
    push: (bytes) => cutter.push(utf8.push(bytes)),
    logs(final) {
      const before = ragged;
      if (final) {
        cutter.push(utf8.end());
        cutter.end();
        if (pending.length > 0) giveUpQuotes();
      }
      if (!plan) return [];
      const { format, runs, columns, clock, epochIsStep, guessedLoss } = plan as TablePlan;
      const named = guessedLoss === null ? options : { ...options, loss: guessedLoss };
      if (final)
        noteTable(recorders, {
          guessedLoss,
          ragged,
          cutLine: ragged > before && lastFields < columns.length,
          clock,
          quotesAreText,
        });
      const logs: RunLog[] = [];
      runs.forEach((run, i) => {
        const stepUnit = epochIsStep ? { stepUnit: "epoch" as const } : {};
        logs.push(
          ...finishRuns(recorders[i]!, {
            final,
            format,
            options: named,
            run,
            nanMayBeBlank: true,
            ...stepUnit,
          }),
        );
      });
      if (final) requireLoss(logs, columns, options);
      return logs;
    },
  };
}

/** Columns that say whose a row's numbers are. */
const NAMES_ROWS =
  /(?:^|_)(?:id|name|class|label|file|filename|model|sample|dataset|task|method|experiment|image|subject|category|type)(?:_|$)/;

/** Rows of a results table have names, not steps: a basin, a class, a file. */
function refuseResults({ lines }: Head, delimiter: string, source: string): void {
  const cells = (line: string): string[] => Papa.parse<string[]>(line, { delimiter }).data[0] ?? [];
  const names = cells(headerLine(lines)).map((name) => name.trim());
  const counts = (name: string): boolean => /^(?:step|epoch)$/.test(meaningOf(name).role);
  if (names.some((name) => counts(name) || name === "" || name.includes(" - "))) return;
  const at = lines.findIndex((line) => line.endsWith(headerLine(lines)));
  const rows = lines.slice(at + 1, at + 51).map(cells);
  if (rows.length < 5) return;
  const text = (cell: string | undefined): boolean =>
    cell !== undefined &&
    /^\s*\p{L}{2}/u.test(cell) &&
    parseNumber(cell) === undefined &&
    !/\d:\d\d/.test(cell);
  const naming = names.findIndex((name, i) => {
    if (i > 0 && !NAMES_ROWS.test(normalise(name))) return false;
    const found = rows.map((row) => row[i]).filter(text);
    return found.length >= 0.8 * rows.length && new Set(found).size >= Math.max(5, 0.1 * found.length);
  });
  if (naming < 0) return;
  throw new SteepestError(
    "results-table",
    `this is a table of results: its rows are named by '${names[naming]}', not counted by a step`,
    {
      where: source,
      help: "give the log of the training itself, or name the column that counts with --step",
    },
  );
}

function noteTable(
  recorders: readonly Recorder[],
  {
    ragged,
    cutLine,
    clock,
    guessedLoss,
    quotesAreText,
  }: {
    ragged: number;
    cutLine: boolean;
    clock: string | null;
    guessedLoss: string | null;
    quotesAreText: boolean;
  },
): void {
  for (const recorder of recorders) {
    if (quotesAreText)
      recorder.note(
        "stray-quote",
        "a quote opens a cell and never closes: quotes are read as text from there on",
      );
    if (guessedLoss !== null) {
      recorder.note(
        "guessed-loss",
        `'${guessedLoss}' is taken for the loss: the table does not say what it holds`,
      );
    }
    if (cutLine) recorder.note("cut-line", "the last row is shorter than the header: the file may be cut");
    else if (ragged > 0)
      recorder.note("ragged-rows", `${ragged} rows have more or fewer cells than the header`);
    if (clock === null) recorder.note("no-step-column", "no column counts steps or epochs: rows are counted");
  }
}

function requireLoss(logs: readonly RunLog[], columns: readonly Column[], options: ReadOptions): void {
  const known = (log: RunLog): boolean => log.series.some((s) => s.role !== "other" && s.role !== "epoch");
  if (logs.length === 0 || logs.some(known)) return;
  const names = columns.map((c) => c.name);
  if (steering(names) !== null) return;
  throw new SteepestError("no-loss-column", "no column of this table is recognised as a loss", {
    where: options.source,
    help: `name it with --loss; the columns are ${listNames(names)}`,
  });
}

function nextQuote(block: Uint8Array, from: number): number {
  const at = block.indexOf(QUOTE, from);
  return at < 0 ? block.length : at;
}

/**
 * Does a quoted cell go on after this line? A quote opens at the start of a cell only: the inch in `5" disk` is text.
 * `open`: the line begins inside such a cell.
 */
function leavesQuoteOpen(line: string, delimiter: string, open: boolean): boolean {
  let quoted = open;
  let atStart = !open;
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (quoted) {
      if (c !== '"') continue;
      if (line[i + 1] === '"')
        i++; // an escaped quote
      else quoted = false;
    } else if (c === '"' && atStart) quoted = true;
    atStart = !quoted && (c === delimiter || (atStart && c === " "));
  }
  return quoted;
}

function headerIsComment(lines: readonly string[]): boolean {
  return (
    !!lines[0]?.startsWith("#") && lines[1] !== undefined && looksLikeData(lines[1], delimiterOf(lines[0]))
  );
}

/** The first line that is no remark, or the remark itself when data follows it at once (`# step,loss`). */
export function headerLine(lines: readonly string[]): string {
  if (headerIsComment(lines)) return lines[0]!.replace(/^#\s*/, "");
  return lines.find((line) => !line.startsWith("#")) ?? "";
}

function looksLikeData(line: string, delimiter: string): boolean {
  const cells = line.split(delimiter);
  return cells.length > 1 && cells.every((c) => isBlank(c) || parseNumber(c) !== undefined);
}

function detectCsv({ lines, complete }: Head): boolean {
  const header = headerLine(lines);
  if (header === "" || (lines.length === 1 && !complete)) return false;
  const delimiter = delimiterOf(header);
  if (delimiter === "" || /^\s*\||\u001b|\d\d:\d\d:\d\d/.test(header)) return false; // a drawn table and a line with its time are text
  const cells = Papa.parse<string[]>(header, { delimiter }).data[0] ?? [];
  if (cells.length < 2 || cells.some((c) => c.length > 200 || parseNumber(c) !== undefined)) return false;
  const at = lines.findIndex((line) => line.endsWith(header));
  const next = lines.slice(at + 1, at + 4);
  // a header alone: names, not names with their values
  if (next.length === 0) return !cells.some((cell) => /[:=]|\s[-+.]?\d/.test(cell));
  // a prose line with commas has no rows of as many cells below it
  return next.some((line, i) => {
    const row = Papa.parse<string[]>(line, { delimiter }).data[0] ?? [];
    const cut = at + 1 + i === lines.length - 1 && !complete;
    const numbers = row.some((cell) => parseNumber(cell) !== undefined);
    return (numbers && row.length === cells.length) || (cut && row.length < cells.length);
  });
}

export const csv: Format = {
  name: "csv" satisfies LogFormat,
  about: "rows of comma-separated values, or other separators",
  detect: detectCsv,
  make: createCsv,
};
