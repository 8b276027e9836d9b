/**
 * A data set in memory: rows of features and their targets, flat and row-major.
 * Legend: n rows; a row is `shape.slice(1)` values, and row i starts at `data[i * rowStride]`.
 */
import { SteepestError } from "../run/errors.ts";

/** The arrays that hold features and targets. */
export type DataArray = Float32Array | Float64Array | Int32Array;
/** Dtypes of feature values and numeric targets. */
export type FloatDType = "float32" | "float64";

/** An array seen as rows; rows may overlap. */
export interface Rows {
  readonly data: DataArray;
  /** Of all rows, [n, …]; that of one row is what follows n. */
  readonly shape: readonly number[];
  /** Values from one row's start to the next. Below the row's own size where rows overlap (windows of a text). */
  readonly rowStride: number;
}

/** What a target is: an index into `classes` (int32), a real value or vector, or nothing at all. */
export type TargetKind = "class" | "number" | "none";

/** The target's rows, and whether they are classes or numbers. */
export interface Target extends Rows {
  readonly kind: TargetKind;
}

/** Features and what is to be predicted from them; as many rows in both. */
export interface Samples {
  readonly features: Rows;
  readonly target: Target;
}

/**
 * Data as training takes it: the rows to train on, with those for validation and testing where there are
 * any, and what is known of columns and classes.
 */
export interface Dataset extends Samples {
  readonly name: string;
  /** Names of the classes, in index order. */
  readonly classes?: readonly string[];
  /** One name per column of a two-dimensional feature array. */
  readonly featureNames?: readonly string[];
  /** Columns made from categories (0 or 1): standardising leaves them alone. */
  readonly categorical?: readonly boolean[];
  /** What was subtracted and divided by, per column, when the data was standardised. */
  readonly scaling?: Scaling;
  /** How the columns of a table became features and target: what new rows need. */
  readonly encoding?: TableEncoding;
  /** What the numbers of an array file were multiplied by. */
  readonly inputScale?: number;
  /** The number that white has in data of pictures, before `inputScale`; left out where that is not known. */
  readonly white?: number;
  readonly validation?: Samples;
  readonly test?: Samples;
}

/** A column of a table: numbers, or words with their codes in order. */
export interface ColumnEncoding {
  readonly name: string;
  /** A column of features: one 0/1 feature a word. A target: its classes. null: numbers. */
  readonly words: readonly string[] | null;
}

/** How a CSV file's columns became features and target: what is needed to read further rows in the same way. */
export interface TableEncoding {
  /** Whether the file names its columns; else a column's name is its place, from 0. */
  readonly header: boolean;
  /** Cells in a row of the training file. */
  readonly width: number;
  /** Numbers have a comma before their fraction; absent where it is a point. */
  readonly decimal?: ",";
  readonly features: readonly ColumnEncoding[];
  /** Without `words` but with classes, the classes are the target's different numbers. */
  readonly target: ColumnEncoding | null;
}

/** Mean and standard deviation of each feature, from the training rows: a value becomes (value − mean)/std. */
export interface Scaling {
  readonly mean: Float64Array;
  readonly std: Float64Array;
}

/** The number of rows. */
export const rowCount = (rows: Rows): number => rows.shape[0]!;

/** Number of values in one row. */
export const rowSize = (rows: Rows): number => rows.shape.slice(1).reduce((a, b) => a * b, 1);

/** Rows that lie one after another. */
export function packed(data: DataArray, shape: readonly number[]): Rows {
  return { data, shape, rowStride: shape.slice(1).reduce((a, b) => a * b, 1) };
}

/** The target of data without one: n empty rows. */
export function noTarget(n: number): Target {
  return { ...packed(new Float32Array(0), [n, 0]), kind: "none" };
}

/** A float array of the run's dtype, or one clear error when memory does not hold it. */
export function allocateFloat(dtype: FloatDType, length: number, where: string): Float32Array | Float64Array {
  try {
    return dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const bytes = length * (dtype === "float32" ? 4 : 8);
    throw new SteepestError("data-too-large", `the data needs ${bytes} bytes, more than one array can hold`, {
      where,
      help: "train on a part of the file, or use float32",
      cause,
    });
  }
}

/** Refuses features that are not finite numbers, naming row and column (both from 1). */
export function checkFinite(rows: Rows, where: string, featureNames?: readonly string[]): void {
  if (rows.data instanceof Int32Array) return;
  const at = rows.data.findIndex((x) => !Number.isFinite(x));
  if (at < 0) return;
  const width = rowSize(rows);
  const column = featureNames?.[at % width] ?? String((at % width) + 1);
  throw new SteepestError(
    "data-not-finite",
    `row ${Math.floor(at / width) + 1}, column ${column} is ${rows.data[at]}`,
    {
      where,
      help: "remove or fill such rows; a value beyond 3.4e38 needs dtype float64",
    },
  );
}

/**
 * Whole labels 0 … classes−1 as an int32 target; without `classes` any label that is not absurdly large will do.
 * Throws `label-range`, naming the row (from 1), for anything else.
 */
export function classTarget(labels: ArrayLike<number>, where: string, classes?: number): Target {
  const data = new Int32Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= (classes ?? MAX_CLASSES)) {
      const upTo =
        classes === undefined ? `below ${MAX_CLASSES}` : `0 to ${classes - 1} (${classes} classes)`;
      throw new SteepestError(
        "label-range",
        `row ${i + 1} has label ${label}; labels are whole numbers ${upTo}`,
        {
          where,
          help: "number the classes from 0, or declare the target a number for regression",
        },
      );
    }
    data[i] = label;
  }
  return { ...packed(data, [data.length]), kind: "class" };
}

/** The number of classes that a target's labels make necessary: the largest plus one. */
export function classCount(target: Target): number {
  let largest = -1;
  for (const label of target.data) if (label > largest) largest = label;
  return largest + 1;
}

/** More classes than this is a column of identifiers, not of labels. */
export const MAX_CLASSES = 100_000;

/** Refuses empty data and features and targets of different length. */
export function checkSamples({ features, target }: Samples, where: string): void {
  if (rowCount(features) === 0) {
    throw new SteepestError("data-empty", "there is no data row", {
      where,
      help: "give a file with at least one row",
    });
  }
  if (rowCount(features) !== rowCount(target)) {
    const shapes = `features [${features.shape.join(", ")}] and targets [${target.shape.join(", ")}]`;
    throw new SteepestError("data-shape", `${shapes} differ in their number of rows`, {
      where,
      help: "give one target for each row of features, in the same order",
    });
  }
}
