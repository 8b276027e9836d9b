/** Cells to numbers, kept in blocks while the number of rows is unknown. */
import { SteepestError } from "../../run/errors.ts";
import { allocateFloat, type FloatDType, packed, type Rows } from "../dataset.ts";
import { type Decimal, isMissing, numberOf } from "./cells.ts";
import type { Column, Schema } from "./schema.ts";

export interface Encoded {
  /** Blocks of rows of one value per feature column: a number, or the code of a category. */
  readonly features: Blocks;
  /** One value per row: a number, or the code of a label. */
  readonly target: Blocks;
}

interface Blocks {
  readonly width: number;
  readonly blocks: (Float32Array | Float64Array)[];
  readonly rowsPerBlock: number;
  rows: number;
}

/** About this many values to a block: the overhead beyond the final arrays. */
const BLOCK_VALUES = 1 << 17;
/** More categories than this is an identifier; one-hot columns of it would only fill memory. */
const MAX_CATEGORIES = 1000;

function blocksOf(width: number): Blocks {
  return {
    width,
    blocks: [],
    rowsPerBlock: Math.max(1, Math.floor(BLOCK_VALUES / Math.max(width, 1))),
    rows: 0,
  };
}

export const emptyEncoded = (schema: Schema): Encoded => ({
  features: blocksOf(schema.features.length),
  target: blocksOf(schema.target ? 1 : 0),
});

/** The block that holds the next row, made when there is none yet. */
function nextBlock(store: Blocks, dtype: FloatDType): Float32Array | Float64Array {
  const at = Math.floor(store.rows / store.rowsPerBlock);
  return (store.blocks[at] ??= allocateFloat(dtype, store.rowsPerBlock * store.width, "CSV"));
}

export interface EncodeOptions {
  readonly dtype: FloatDType;
  readonly where: string;
  readonly missing: "error" | "drop";
  /** Words not met before are errors: the file is a test set for codes that are already final. */
  readonly frozen: boolean;
}

/** Appends rows. Throws `csv-ragged`, `csv-missing`, `csv-cell`, `csv-categories`, all with row and column. */
export function encodeRows(
  into: Encoded,
  schema: Schema,
  rows: readonly string[][],
  first: number,
  options: EncodeOptions,
): void {
  const { features, target } = into;
  const cell = { ...options, decimal: schema.decimal };
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!;
    const number = first + r;
    if (row.length !== schema.width) {
      if (row.length === 1 && row[0]!.trim() === "") continue;
      throw new SteepestError(
        "csv-ragged",
        `row ${number} has ${row.length} cells where the first has ${schema.width}`,
        {
          where: options.where,
          help: "check for a missing or an unquoted delimiter in that row",
        },
      );
    }
    if (options.missing === "drop" && hasMissing(schema, row)) continue;
    const values = nextBlock(features, options.dtype);
    let at = (features.rows % features.rowsPerBlock) * features.width;
    for (const column of schema.features) values[at++] = encodeCell(column, row[column.index]!, number, cell);
    if (schema.target) {
      const targets = nextBlock(target, "float64");
      targets[target.rows % target.rowsPerBlock] = encodeCell(
        schema.target,
        row[schema.target.index]!,
        number,
        cell,
      );
      target.rows++;
    }
    features.rows++;
  }
}

function hasMissing(schema: Schema, row: readonly string[]): boolean {
  return (
    schema.features.some((column) => isMissing(row[column.index]!)) ||
    (schema.target !== null && isMissing(row[schema.target.index]!))
  );
}

/** What one cell needs; without `missing`, rows can't be dropped by a setting. */
type CellOptions = Pick<EncodeOptions, "where" | "frozen"> &
  Partial<Pick<EncodeOptions, "missing">> & { readonly decimal: Decimal };

/** A number, or the code of a word. Throws `csv-missing`, `csv-cell`, `csv-categories`. */
export function encodeCell(column: Column, cell: string, row: number, options: CellOptions): number {
  if (column.codes === null) {
    const value = numberOf(cell, options.decimal);
    return Number.isFinite(value) ? value : refuseCell(column, cell, row, options);
  }
  if (isMissing(cell)) return refuseCell(column, cell, row, options);
  const word = cell.trim();
  const code = column.codes.get(word);
  if (code !== undefined) return code;
  if (options.frozen) {
    throw new SteepestError(
      "csv-categories",
      `row ${row}, column "${column.name}": "${word}" is not in the training file`,
      {
        where: options.where,
        help: `it knows ${known(column.codes)}; correct the cell, remove the row, or train on rows of this kind`,
      },
    );
  }
  if (column.codes.size >= MAX_CATEGORIES) {
    throw new SteepestError(
      "csv-categories",
      `column "${column.name}" has more than ${MAX_CATEGORIES} different words`,
      {
        where: options.where,
        help: `if it is an identifier, leave it out: "exclude": ["${column.name}"]`,
      },
    );
  }
  column.codes.set(word, column.codes.size);
  return column.codes.size - 1;
}

function known(codes: ReadonlyMap<string, number>): string {
  const { words } = sortedWords(codes);
  const shown = words.slice(0, 20).map((word) => `"${word}"`);
  return shown.join(", ") + (words.length > 20 ? ` and ${words.length - 20} more` : "");
}

function refuseCell(column: Column, cell: string, row: number, { where, missing }: CellOptions): never {
  const place = `row ${row}, column "${column.name}"`;
  if (isMissing(cell)) {
    throw new SteepestError(
      "csv-missing",
      `${place} is ${cell.trim() === "" ? "empty" : `"${cell.trim()}"`}`,
      {
        where,
        help:
          missing === undefined
            ? "fill it in, or leave the row out"
            : 'fill it in, set "missing": "drop" to skip such rows, or exclude the column',
      },
    );
  }
  throw new SteepestError(
    "csv-cell",
    `${place} holds "${cell.trim().slice(0, 40)}" where a number is expected`,
    {
      where,
      help: "correct the cell, list the column under categorical, or exclude it",
    },
  );
}

/** Words in order and, for each code as met, its place in that order. */
export function sortedWords(codes: ReadonlyMap<string, number>): { words: string[]; rank: Int32Array } {
  const words = [...codes.keys()].sort((a, b) => (a < b ? -1 : 1));
  const rank = new Int32Array(words.length);
  words.forEach((word, i) => {
    rank[codes.get(word)!] = i;
  });
  return { words, rank };
}

/** Joins the feature blocks, each freed once copied, with a 0/1 column per category. */
export function joinFeatures(
  { features }: Encoded,
  columns: readonly Column[],
  dtype: FloatDType,
  where: string,
): Rows {
  const ranks = columns.map(({ codes }) => codes && sortedWords(codes).rank);
  const width = ranks.reduce((sum, rank) => sum + (rank ? rank.length : 1), 0);
  const out = allocateFloat(dtype, features.rows * width, where);
  let [at, row] = [0, 0];
  for (let b = 0; b < features.blocks.length; b++) {
    const block = features.blocks[b]!;
    const inBlock = Math.min(features.rowsPerBlock, features.rows - row);
    if (width === features.width && ranks.every((rank) => rank === null)) {
      out.set(block.subarray(0, inBlock * width), at);
      at += inBlock * width;
    } else {
      for (let k = 0; k < inBlock * features.width; k++) {
        const rank = ranks[k % features.width]!;
        if (rank) out[at + rank[block[k]!]!] = 1;
        else out[at] = block[k]!;
        at += rank ? rank.length : 1;
      }
    }
    row += inBlock;
    features.blocks[b] = new Float32Array(0);
  }
  return packed(out, [features.rows, width]);
}

/** The target column as read. */
export function joinTarget({ target }: Encoded): Float64Array {
  const out = new Float64Array(target.rows);
  target.blocks.forEach((block, b) => {
    const start = b * target.rowsPerBlock;
    out.set(block.subarray(0, Math.min(target.rowsPerBlock, target.rows - start)), start);
  });
  return out;
}

/** Names and kinds of the columns that joinFeatures makes. */
export function describeFeatures(columns: readonly Column[]): { names: string[]; categorical: boolean[] } {
  const described = columns.flatMap(({ name, codes }) =>
    codes
      ? sortedWords(codes).words.map((word) => ({ name: `${name}=${word}`, categorical: true }))
      : [{ name, categorical: false }],
  );
  return { names: described.map((d) => d.name), categorical: described.map((d) => d.categorical) };
}
