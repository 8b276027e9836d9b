/** New data, piece by piece, as the model takes it; memory does not grow with the file. */
import { streamArray } from "../data/arrays.ts";
import { withBytes } from "../data/bytes.ts";
import { readCsvRows } from "../data/csv/rows.ts";
import type { DataHost } from "../data/index.ts";
import { decode } from "../data/text.ts";
import { SteepestError } from "../run/errors.ts";
import type { ModelRecord } from "../train/model-record.ts";
import { cellsOf, requireFinite, scaleRows, type TableColumns, tableColumns } from "./encode-rows.ts";
import type { Floats } from "./trained-model.ts";

/** Formats of files that rows are read from. */
export type RowFormat = "csv" | "jsonl" | "npy" | "idx";

export interface RowSource {
  readonly host: DataHost;
  readonly path: string;
  readonly format: RowFormat;
  /** Of a CSV file; default: the one that its first line holds most of. */
  readonly delimiter?: string | undefined;
  /** Of a CSV file's text; default UTF-8. */
  readonly encoding?: string | undefined;
}

/** Consecutive rows, encoded. */
export interface Piece {
  /** Features one row after another, scaled. */
  readonly values: Floats;
  readonly count: number;
  /** Number of the first row in the file, from 1: a line of a CSV file, else a row. */
  readonly first: number;
  /** The rows as they were: cells of a CSV file, the values of a JSONL file; null for arrays. */
  readonly rows: readonly unknown[] | null;
  /** Class indices or numbers where they were asked for; null else. */
  readonly targets: readonly number[] | null;
}

export interface ReadOptions {
  /** Rows in a piece. */
  readonly rows: number;
  /** Also read the target's column. */
  readonly targets?: boolean;
  /** Called once before the first piece with the names of a CSV file's columns; null where it has no header. */
  readonly onColumns?: (names: readonly string[] | null, width: number) => void;
}

/** Throws `csv-*`, `data-*` and `label-range` errors that name row and column. */
export async function readRows(
  record: ModelRecord,
  source: RowSource,
  options: ReadOptions,
  sink: (piece: Piece) => Promise<void>,
): Promise<void> {
  const { format } = source;
  if (record.input.kind === "text") throw textModel(source.path);
  if (format === "npy" || format === "idx") return readArrays(record, source, options, sink);
  const pieces = collector(record, source.path, options, sink);
  if (format === "csv") await readTable(record, source, options, pieces);
  else await readLines(record, source, options, pieces);
  await pieces.end();
}

const textModel = (where: string): SteepestError =>
  new SteepestError("predict-text", "the model continues texts: it has no rows to predict", {
    where,
    help: "let it write: steepest generate RUN --prompt 'Once'",
  });

interface Collector {
  /** Room for one more row: writes it through `encode`, and passes a full piece on. */
  readonly add: (
    row: { readonly number: number; readonly original: unknown; readonly target: number | null },
    encode: (out: Floats, at: number) => void,
  ) => Promise<void> | undefined;
  readonly end: () => Promise<void>;
}

const floats = (record: ModelRecord, length: number): Floats =>
  record.dtype === "float64" ? new Float64Array(length) : new Float32Array(length);

function collector(
  record: ModelRecord,
  where: string,
  { rows, targets: wanted = false }: ReadOptions,
  sink: (piece: Piece) => Promise<void>,
): Collector {
  const rowSize = record.row.shape.reduce((a, b) => a * b, 1);
  let values = floats(record, rows * rowSize);
  let first = 1;
  let originals: unknown[] = [];
  let targets: number[] = [];
  const pass = async (): Promise<void> => {
    const count = originals.length;
    const piece = values.subarray(0, count * rowSize) as Floats;
    requireFinite(piece, { first, rowSize, where });
    scaleRows(piece, record);
    const passed = { values: piece, count, first, rows: originals, targets: wanted ? targets : null };
    values = floats(record, rows * rowSize);
    [originals, targets] = [[], []];
    await sink(passed);
  };
  return {
    add: ({ number, original, target }, encode) => {
      if (originals.length === 0) first = number;
      encode(values, originals.length * rowSize);
      originals.push(original);
      if (target !== null) targets.push(target);
      return originals.length === rows ? pass() : undefined;
    },
    end: async () => {
      if (originals.length > 0) await pass();
    },
  };
}

async function readTable(
  record: ModelRecord,
  { host, path, delimiter, encoding }: RowSource,
  { targets = false, onColumns }: ReadOptions,
  pieces: Collector,
): Promise<void> {
  const { input } = record;
  const header = input.kind === "table" ? input.encoding.header : false;
  let columns: TableColumns | null = null;
  let width = 0;
  await readCsvRows(host, path, { delimiter, encoding }, async (rows, start) => {
    for (let i = 0; i < rows.length; i++) {
      const [cells, number] = [rows[i]!, start + i];
      if (cells.join("").trim() === "" && (columns === null || cells.length !== width)) continue;
      if (columns === null) {
        width = cells.length;
        const names = header ? cells.map((name) => name.trim()) : null;
        columns =
          input.kind === "table"
            ? tableColumns(record, input.encoding, { names, width, where: path })
            : plainColumns(record, width, path);
        onColumns?.(names, width);
        if (header) continue;
      }
      if (cells.length !== width) throw ragged(number, cells.length, width, path);
      const { encode, target } = columns;
      const goal = targets ? target(cells, number) : null;
      await pieces.add({ number, original: cells, target: goal }, (out, at) =>
        encode(cells, number, out, at),
      );
    }
  });
  if (columns === null) {
    throw new SteepestError("data-empty", "the file is empty", {
      where: path,
      help: "give a file with rows",
    });
  }
}

const ragged = (row: number, found: number, width: number, where: string): SteepestError =>
  new SteepestError("csv-ragged", `row ${row} has ${found} cells where the first has ${width}`, {
    where,
    help: "check for a missing or an unquoted delimiter in that row",
  });

/** A CSV file of plain numbers for a model of arrays: one row's values, one after another. */
function plainColumns(record: ModelRecord, width: number, where: string): TableColumns {
  const size = record.row.shape.reduce((a, b) => a * b, 1);
  if (width !== size) throw wrongSize(width, record, where);
  return {
    encode: (cells, row, out, at) => {
      for (let j = 0; j < size; j++) {
        const value = cells[j]!.trim() === "" ? Number.NaN : Number(cells[j]);
        if (!Number.isFinite(value)) throw notNumber(cells[j]!, row, where);
        out[at + j] = value;
      }
    },
    target: () => {
      throw new SteepestError("data-target", "the rows have no target column", {
        where,
        help: "give the features as .npy or IDX and the target beside them: --target labels.npy",
      });
    },
  };
}

const notNumber = (cell: string, row: number, where: string): SteepestError =>
  new SteepestError("csv-cell", `row ${row} holds "${cell.trim().slice(0, 40)}" where a number is expected`, {
    where,
    help: "give a file of numbers without a header",
  });

const wrongSize = (found: number, { row }: ModelRecord, where: string): SteepestError =>
  new SteepestError(
    "data-shape",
    `a row has ${found} values, and the model takes [${row.shape.join(", ")}]`,
    { where, help: "give rows as in the data that the model was trained on" },
  );

async function readLines(
  record: ModelRecord,
  { host, path }: RowSource,
  { targets = false }: ReadOptions,
  pieces: Collector,
): Promise<void> {
  const rows = lineEncoder(record, path, targets);
  let number = 0;
  const take = async (line: string): Promise<void> => {
    number++;
    if (line.trim() === "") return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw new SteepestError("jsonl", `line ${number} is not JSON: ${(cause as Error).message}`, {
        where: path,
        help: "write one JSON record a line",
        cause,
      });
    }
    const { encode, target } = rows(value, number);
    await pieces.add({ number, original: value, target }, encode);
  };
  await withBytes(host, path, async (reader) => {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let rest = "";
    for (let ended = false; !ended; ) {
      const chunk = await reader.chunk();
      ended = chunk === null;
      const lines = (rest + decode(decoder, chunk, path)).split("\n");
      rest = ended ? "" : lines.pop()!;
      for (const line of lines) await take(line);
    }
  });
}

type LineEncoder = (
  value: unknown,
  row: number,
) => { readonly encode: (out: Floats, at: number) => void; readonly target: number | null };

/** Rows of JSON: records of a table's columns, or lists (of lists) of numbers. */
export function lineEncoder(record: ModelRecord, where: string, targets: boolean): LineEncoder {
  const { input, row: shape } = record;
  if (input.kind !== "table") {
    const size = shape.shape.reduce((a, b) => a * b, 1);
    return (value) => {
      const flat = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [];
      if (flat.length !== size) throw wrongSize(flat.length, record, where);
      return { encode: (out, at) => out.set(flat.map(Number), at), target: null };
    };
  }
  // numbers in JSON have a point
  const { decimal: _, ...encoding } = input.encoding;
  const goal = targets && encoding.target !== null ? [encoding.target] : [];
  const names = [...encoding.features, ...goal].map((c) => c.name);
  // the cells are made in the order of `names`, so they are looked up as a table with that header
  const columns = tableColumns(record, { ...encoding, header: true }, { names, width: names.length, where });
  return (value, row) => {
    const cells = cellsOf(value, names, { row, where });
    return {
      encode: (out, at) => columns.encode(cells, row, out, at),
      target: targets ? columns.target(cells, row) : null,
    };
  };
}

async function readArrays(
  record: ModelRecord,
  { host, path, format }: RowSource,
  { rows }: ReadOptions,
  sink: (piece: Piece) => Promise<void>,
): Promise<void> {
  const size = record.row.shape.reduce((a, b) => a * b, 1);
  const kind = format === "idx" ? "idx" : "npy";
  let first = 1;
  await streamArray(host, path, { kind, dtype: record.dtype, rows }, async ({ data, shape }) => {
    const count = shape[0]!;
    if (data.length !== count * size) throw wrongSize(data.length / count, record, path);
    requireFinite(data, { first, rowSize: size, where: path });
    scaleRows(data, record);
    await sink({ values: data, count, first, rows: null, targets: null });
    first += count;
  });
}
