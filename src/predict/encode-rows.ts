/** New rows as the model takes them: the training data's columns, words, scale and standardisation. */
import { encodeCell } from "../data/csv/encode.ts";
import type { ColumnEncoding, TableEncoding } from "../data/index.ts";
import { closest, SteepestError } from "../run/errors.ts";
import type { ModelRecord } from "../train/model-record.ts";
import type { Floats } from "./trained-model.ts";

/** Writes one row's features to `out` from `at` on. `row` is its number for messages. */
export type EncodeCells = (cells: readonly string[], row: number, out: Floats, at: number) => void;

export interface TableColumns {
  readonly encode: EncodeCells;
  /** The target of a row: its class's index or its number. Throws where the table has no such column. */
  readonly target: (cells: readonly string[], row: number) => number;
}

/**
 * How the columns of a table are taken. `names` are the table's own; null for a table without a header. Columns are found
 * by name, in any order, and others are left alone. Throws `csv-column` for one that is missing.
 */
export function tableColumns(
  record: ModelRecord,
  encoding: TableEncoding,
  { names, width, where }: { names: readonly string[] | null; width: number; where: string },
): TableColumns {
  const placeOf = encoding.header
    ? (name: string) => named(names ?? [], name, where)
    : unnamed(encoding, { width, where });
  const columns = encoding.features.map((column) => coded(column, placeOf(column.name)));
  const cell = { where, frozen: true, decimal: encoding.decimal ?? "." } as const;
  const { classes } = record.target;
  const labels =
    encoding.target?.words === null && classes !== null
      ? new Map(classes.map((c, i) => [Number(c), i]))
      : null;
  let goal: ReturnType<typeof coded> | null = null;
  return {
    encode: (cells, row, out, at) => {
      let to = at;
      for (const column of columns) {
        const value = encodeCell(column, cells[column.index]!, row, cell);
        if (column.codes === null) out[to++] = value;
        else {
          out.fill(0, to, to + column.codes.size);
          out[to + value] = 1;
          to += column.codes.size;
        }
      }
    },
    target: (cells, row) => {
      if (encoding.target === null) throw noTarget(where);
      goal ??= coded(encoding.target, placeOf(encoding.target.name));
      const value = encodeCell(goal, cells[goal.index]!, row, cell);
      if (labels === null) return value;
      const label = labels.get(value);
      if (label !== undefined) return label;
      throw new SteepestError("label-range", `row ${row} has the label ${value}, which training has not`, {
        where,
        help: `labels of the training file: ${classes!.slice(0, 20).join(", ")}`,
      });
    },
  };
}

const coded = (
  { name, words }: ColumnEncoding,
  index: number,
): { name: string; index: number; codes: Map<string, number> | null } => ({
  name,
  index,
  codes: words && new Map(words.map((word, i) => [word, i])),
});

function named(names: readonly string[], name: string, where: string): number {
  const index = names.indexOf(name);
  if (index >= 0) return index;
  const near = closest(name, names);
  const shown = names.slice(0, 20).map((n) => `"${n}"`);
  throw new SteepestError("csv-column", `the model needs the column "${name}", which is not there`, {
    where,
    help: `${near ? `rename "${near}" if it is meant. ` : ""}The columns are ${shown.join(", ")}${names.length > 20 ? ` and ${names.length - 20} more` : ""}`,
  });
}

/** By place as in the training file; a table of that width less one lacks the target. */
function unnamed(
  { width: trained, target, features }: TableEncoding,
  { width, where }: { width: number; where: string },
): (name: string) => number {
  const without = target === null ? null : Number(target.name);
  if (width === trained) return Number;
  if (without !== null && width === trained - 1) {
    return (name) => (Number(name) > without ? Number(name) - 1 : Number(name));
  }
  throw new SteepestError(
    "csv-column",
    `the rows have ${width} cells, and the training file has ${trained}`,
    {
      where,
      help: `give rows of ${trained} cells, or of ${trained - 1} without the target; ${features.length} of them are features`,
    },
  );
}

const noTarget = (where: string): SteepestError =>
  new SteepestError("data-target", "the model was trained without a target column", {
    where,
    help: "evaluate a model that has one",
  });

/** A record's or a list's values as the cells of a row. */
export function cellsOf(
  value: unknown,
  names: readonly string[],
  { row, where }: { row: number; where: string },
): readonly string[] {
  const cell = (v: unknown): string => {
    if (v === null || v === undefined) return "";
    if (typeof v === "string" || typeof v === "number" || typeof v === "boolean") return String(v);
    throw notRow(
      `row ${row} holds a ${Array.isArray(v) ? "list" : "record"} where a value is expected`,
      where,
    );
  };
  if (Array.isArray(value)) {
    if (value.length === names.length) return value.map(cell);
    throw notRow(`row ${row} has ${value.length} values, and ${names.length} are needed`, where);
  }
  if (typeof value !== "object" || value === null) throw notRow(`row ${row} is no record`, where);
  const record = value as Readonly<Record<string, unknown>>;
  return names.map((name) => {
    if (!Object.hasOwn(record, name)) named(Object.keys(record), name, `row ${row}, ${where}`);
    return cell(record[name]);
  });
}

const notRow = (what: string, where: string): SteepestError =>
  new SteepestError("data-row", what, {
    where,
    help: 'write each row as a record of its columns, such as {"age": 31, "city": "Bern"}',
  });

/** Scale, then standardise: in place, with the roundings that training's data went through. */
export function scaleRows(values: Floats, { input, scaling }: ModelRecord): void {
  if (input.kind === "array" && input.scale !== 1)
    for (let i = 0; i < values.length; i++) values[i] = values[i]! * input.scale;
  if (scaling === null) return;
  const { mean, std } = scaling;
  const width = mean.length;
  for (let i = 0; i < values.length; i++) values[i] = (values[i]! - mean[i % width]!) / std[i % width]!;
}

/** Refuses what is not a finite number, naming the row. */
export function requireFinite(
  values: Floats,
  { first, rowSize, where }: { first: number; rowSize: number; where: string },
): void {
  const at = values.findIndex((x) => !Number.isFinite(x));
  if (at < 0) return;
  throw new SteepestError(
    "data-not-finite",
    `row ${first + Math.floor(at / rowSize)} holds ${values[at]} at place ${(at % rowSize) + 1}`,
    { where, help: "remove or fill such rows" },
  );
}
