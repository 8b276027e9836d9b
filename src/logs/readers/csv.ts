/**
 * Tables with a header: Lightning's metrics.csv, Keras' CSVLogger, W&B chart exports, anybody's CSV or TSV.
 * Plain rows are read from the bytes without making strings; a row with a quote goes through Papa Parse.
 */
import { SteepestError } from "../../run/errors.ts";
import type { LogFormat, RunLog } from "../../run/log.ts";
import { meaningOf, normalise } from "../columns.ts";
import { createUtf8Stream } from "../encoding.ts";
import { finishRuns, listNames } from "../finish.ts";
import { createLineCutter } from "../lines.ts";
import { isBlank, type NumberBlock, parseBytes, parseNumber } from "../number.ts";
import { steering } from "../objective.ts";
import type { Recorder } from "../recorder.ts";
import { DEFAULT_POINTS, type Format, type FormatReader, type Head, type ReadOptions } from "../types.ts";
import { type Column, delimiterOf, type TablePlan } from "./csv-columns.ts";
import { cellsOf, createQuotedLines, type QuotedLines } from "./csv-quotes.ts";
import { type CsvRows, createCsvRows } from "./csv-rows.ts";

const QUOTE = 34;

function createCsv(options: ReadOptions, head: Head): FormatReader {
  const delimiter = delimiterOf(headerLine(head.lines));
  if (options.step === undefined && options.loss === undefined)
    refuseResults(head, delimiter, options.source);
  const utf8 = createUtf8Stream();
  const rows = createCsvRows(options, options.maxPoints ?? DEFAULT_POINTS);
  const lines = createQuotedLines(delimiter, rows.read);
  const cutter = createLineCutter(
    createBlockReader({ rows, lines, delimiter, commentedHeader: headerIsComment(head.lines) }),
  );
  return {
    push: (bytes) => cutter.push(utf8.push(bytes)),
    logs(final) {
      const before = rows.ragged;
      if (final) {
        cutter.push(utf8.end());
        cutter.end();
        lines.end();
      }
      const { plan, recorders, ragged, lastFields } = rows;
      if (plan === null) return [];
      const { format, runs, columns, clock, epochIsStep, guessedLoss } = plan;
      if (final)
        noteTable(recorders, {
          guessedLoss,
          ragged,
          cutLine: ragged > before && lastFields < columns.length,
          clock,
          quotesAreText: lines.quotesAreText,
        });
      const logs = runs.flatMap((run, i) =>
        finishRuns(recorders[i]!, {
          final,
          format,
          options: guessedLoss === null ? options : { ...options, loss: guessedLoss },
          run,
          nanMayBeBlank: true,
          ...(epochIsStep && { stepUnit: "epoch" as const }),
        }),
      );
      if (final) requireLoss(logs, columns, options);
      return logs;
    },
  };
}

interface BlockReaderOptions {
  readonly rows: CsvRows;
  readonly lines: QuotedLines;
  readonly delimiter: string;
  /** The header is a remark: `# step,loss`. */
  readonly commentedHeader: boolean;
}

/** Reads blocks of whole lines: those without a quote from their bytes, the others as texts. */
function createBlockReader({
  rows,
  lines,
  delimiter,
  commentedHeader,
}: BlockReaderOptions): (block: Uint8Array) => void {
  const decoder = new TextDecoder();
  const delimiterByte = delimiter.charCodeAt(0);

  const readPlain = (block: NumberBlock, { columns }: TablePlan, start: number, end: number): void => {
    const { bytes } = block;
    const { values, filled } = rows.cells;
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
          rows.drop();
          lines.push(decoder.decode(bytes.subarray(start, end)));
          return;
        }
      }
      field++;
      from = i + 1;
    }
    rows.end(field);
  };

  return (block) => {
    let start = 0;
    let quote = nextQuote(block, 0);
    const numbers: NumberBlock = { bytes: block, text: null };
    while (start < block.length) {
      let newline = block.indexOf(10, start);
      if (newline < 0) newline = block.length;
      let end = newline;
      while (end > start && block[end - 1] === 13) end--;
      if (quote < start) quote = nextQuote(block, start);
      const { plan } = rows;
      const comment = plan === null && block[start] === 35;
      if (end === start) lines.pushEmpty();
      else if (comment && newline > start && !commentedHeader) {
        // a remark above the header
      } else if (plan !== null && !lines.isOpen && quote >= end) readPlain(numbers, plan, start, end);
      else {
        const line = decoder.decode(block.subarray(start, end));
        lines.push(comment ? line.replace(/^#\s*/, "") : line);
      }
      start = newline + 1;
    }
  };
}

/** Columns that say whose a row's numbers are. */
const NAMES_ROWS =
  /(?:^|_)(?:id|name|class|label|file|filename|model|sample|dataset|task|method|experiment|image|subject|category|type)(?:_|$)/;

/** Rows of a results table have names, not steps: a basin, a class, a file. */
function refuseResults({ lines }: Head, delimiter: string, source: string): void {
  const cells = (line: string): string[] => cellsOf(line, delimiter);
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
  const cells = cellsOf(header, delimiter);
  if (cells.length < 2 || cells.some((c) => c.length > 200 || parseNumber(c) !== undefined)) return false;
  const at = lines.findIndex((line) => line.endsWith(header));
  const next = lines.slice(at + 1, at + 4);
  // a header alone: names, not names with their values
  if (next.length === 0) return !cells.some((cell) => /[:=]|\s[-+.]?\d/.test(cell));
  // a prose line with commas has no rows of as many cells below it
  return next.some((line, i) => {
    const row = cellsOf(line, delimiter);
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
