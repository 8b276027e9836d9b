/** Rows in memory, in whatever form a program holds them, as a data set. */
import {
  checkFinite,
  checkSamples,
  classCount,
  classTarget,
  type Dataset,
  type FloatDType,
  noTarget,
  packed,
  type Rows,
  rowCount,
  type Samples,
  type Target,
} from "../data/dataset.ts";
import { splitRows } from "../data/split.ts";
import { SteepestError } from "../run/errors.ts";

/** Typed arrays whose values are numbers; 64-bit integers are not. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Numbers, or lists of lists of equal length, to any depth. */
export type Nested = number | readonly Nested[] | NumberArray;

/** Numbers with their shape, the examples first, row after row. */
export interface Tensor {
  readonly values: ArrayLike<number>;
  readonly shape: readonly number[];
}

/**
 * One part of the data, an example an entry: lists of lists, typed arrays (a list of them, or one of one number an
 * example), a tensor, or anything that yields its examples, also in time. What yields is read once, into memory.
 */
export type Examples = readonly Nested[] | NumberArray | Tensor | Iterable<Nested> | AsyncIterable<Nested>;

/** Features and targets, example by example; without `y` the loss looks at `x` alone. */
export interface FitData {
  readonly x: Examples;
  readonly y?: Examples;
  /** Names of the classes in index order. Default: numbers up to the largest label. */
  readonly classes?: readonly string[];
}

/** One example: its features, and its target where there is one. */
export interface Example {
  readonly x: Nested;
  readonly y?: Nested;
}

/** The data, or what yields its examples one by one, which are all read into memory before the first step. */
export type FitSource = FitData | Iterable<Example> | AsyncIterable<Example>;

export interface TargetOptions {
  readonly dtype: FloatDType;
  /** What the loss needs the target to be; undefined: classes where it comes as whole-number typed arrays. */
  readonly targetKind: "class" | "number" | undefined;
}

export interface FitDataOptions extends TargetOptions {
  /** A share of the examples, or other data. */
  readonly validation: number | FitSource;
  readonly seed: number;
}

/** Copies the data: what is given stays as it is. Throws `data-*`, `label-range`, `validation`. */
export async function fitDataset(source: FitSource, options: FitDataOptions): Promise<Dataset> {
  const { validation, seed } = options;
  const data = await partsOf(source, "data");
  const samples = await samplesOf(data, options, "data");
  const held =
    typeof validation === "number"
      ? null
      : await samplesOf(await partsOf(validation, "validation"), options, "validation");
  const count = Math.max(
    ...[samples, held].map((s) => (s?.target.kind === "class" ? classCount(s.target) : 0)),
  );
  const classes = data.classes ?? Array.from({ length: count }, (_, i) => String(i));
  const named = samples.target.kind === "class" ? { classes } : {};
  requireNamed(count, classes);
  if (held !== null) {
    requireSameRows(samples, held, "a validation row");
    return { name: "data", ...samples, ...named, validation: held };
  }
  if (validation === 0) return { name: "data", ...samples, ...named };
  const split = splitRows(samples, Number(validation), seed);
  return { name: "data", ...split.train, ...named, validation: split.held };
}

/** Examples that are read a few at a time, which have to be like those that were read before. Throws as `fitDataset`. */
export async function exampleSamples(
  examples: readonly Example[],
  {
    like,
    classes,
    where,
    ...options
  }: TargetOptions & { like: Samples; classes?: readonly string[] | undefined; where: string },
): Promise<Samples> {
  const samples = await samplesOf(await partsOf(examples, where), options, where);
  requireSameRows(like, samples, `in ${where}, a row`);
  if (samples.target.kind === "class") requireNamed(classCount(samples.target), classes ?? []);
  return samples;
}

function requireNamed(count: number, classes: readonly string[]): void {
  if (count <= classes.length) return;
  throw new SteepestError("label-range", `a label is ${count - 1}, but ${classes.length} classes are named`, {
    where: "at data.classes",
    help: "number the classes from 0, in the order of their names",
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
const isAsync = (value: unknown): value is AsyncIterable<unknown> =>
  isRecord(value) && Symbol.asyncIterator in value;
const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.iterator in value;
const isTensor = (value: unknown): value is Tensor =>
  isRecord(value) && "values" in value && "shape" in value;
const isArray = (value: unknown): value is NumberArray =>
  ArrayBuffer.isView(value) &&
  "length" in value &&
  !(value instanceof BigInt64Array) &&
  !(value instanceof BigUint64Array);

async function collect(source: Iterable<unknown> | AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of source) all.push(item);
  return all;
}

async function partsOf(source: FitSource, at: string): Promise<FitData> {
  if (!isAsync(source) && !isIterable(source)) {
    if (isRecord(source) && "x" in source) return source as FitData;
    throw wrong(at, "it is neither { x, y } nor what yields such examples", "give data: { x, y }");
  }
  const rows = await collect(source);
  const bad = rows.findIndex((row) => !isRecord(row) || !("x" in row));
  if (bad >= 0) throw wrong(at, `example ${bad + 1} has no x`, "yield one { x, y } for each example");
  const examples = rows as Example[];
  const labelled = examples.filter((row) => row.y !== undefined).length;
  if (labelled > 0 && labelled < examples.length) {
    const first = examples.findIndex((row) => row.y === undefined);
    throw wrong(at, `example ${first + 1} has no y, but others have`, "give a y to all examples, or to none");
  }
  return {
    x: examples.map((row) => row.x),
    ...(labelled > 0 && { y: examples.map((row) => row.y!) }),
  };
}

async function samplesOf(
  { x, y }: FitData,
  { dtype, targetKind }: TargetOptions,
  at: string,
): Promise<Samples> {
  const rows = inputRows(isAsync(x) ? ((await collect(x)) as Nested[]) : x, { dtype, at: `${at}.x` });
  checkFinite(rows, `at ${at}.x`);
  const samples = {
    features: rows,
    target:
      y === undefined
        ? noTarget(rowCount(rows))
        : targetOf(await tensorOf(y, `${at}.y`), { dtype, targetKind, at }),
  };
  checkSamples(samples, `at ${at}`);
  return samples;
}

function targetOf(
  { values, shape, kind }: Flat,
  { dtype, targetKind, at }: { dtype: FloatDType; targetKind: "class" | "number" | undefined; at: string },
): Target {
  const isClass = targetKind === "class" || (targetKind === undefined && kind !== "float");
  if (isClass) {
    const target = classTarget(values, `at ${at}.y`);
    return shape.length === 2 && shape[1] === 1 ? target : { ...target, ...packed(target.data, shape) };
  }
  const rows: Rows = packed(floats(values, dtype), shape);
  checkFinite(rows, `at ${at}.y`);
  return { ...rows, kind: "number" };
}

const floats = (values: ArrayLike<number>, dtype: FloatDType): Float32Array | Float64Array =>
  dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values);

interface Flat {
  readonly values: ArrayLike<number>;
  readonly shape: readonly number[];
  /** "int32" for Int32Arrays, which as features are symbols such as tokens, "whole" for other arrays of whole numbers, "float" for the rest. */
  readonly kind: "int32" | "whole" | "float";
}

const kindOf = (array: ArrayLike<number>): Flat["kind"] => {
  if (array instanceof Int32Array) return "int32";
  return isArray(array) && !(array instanceof Float32Array) && !(array instanceof Float64Array)
    ? "whole"
    : "float";
};

const tensorOf = async (given: Examples, at: string): Promise<Flat> =>
  tensorNow(isAsync(given) ? ((await collect(given)) as Nested[]) : given, at);

/** Features alone, as the model takes them: int32 as they are, others in the run's dtype. Throws `data-shape`. */
export function inputRows(
  given: Exclude<Examples, AsyncIterable<Nested>>,
  { dtype, at = "x" }: { readonly dtype: FloatDType; readonly at?: string },
): Rows {
  const { values, shape, kind } = tensorNow(given, at);
  const data = kind === "int32" ? Int32Array.from(values) : floats(values, dtype);
  return packed(data, shape.length === 1 ? [shape[0]!, 1] : shape);
}

function tensorNow(given: Exclude<Examples, AsyncIterable<Nested>>, at: string): Flat {
  if (isTensor(given)) {
    const { values, shape } = given;
    const size = shape.reduce((a, b) => a * b, 1);
    if (shape.length > 0 && size === values.length) return { values, shape, kind: kindOf(values) };
    throw wrong(
      at,
      `${values.length} values do not fill the shape [${shape.join(", ")}]`,
      "give [examples, …]",
    );
  }
  if (isArray(given)) return { values: given, shape: [given.length], kind: kindOf(given) };
  if (!isIterable(given))
    throw wrong(
      at,
      `it is ${given === null ? "null" : typeof given}`,
      "give a list, a typed array or { values, shape }",
    );
  return flatten([...given], at);
}

/** Lists of lists, which must be of equal length, as one flat list and its shape. */
function flatten(rows: readonly unknown[], at: string): Flat {
  const shape: number[] = [];
  for (let level: unknown = rows; Array.isArray(level) || isArray(level); level = level[0])
    shape.push(level.length);
  const values = new Float64Array(shape.reduce((a, b) => a * b, 1));
  const kinds = new Set<Flat["kind"]>();
  let filled = 0;
  const visit = (item: unknown, depth: number, row: number): void => {
    if (depth === shape.length) {
      if (typeof item !== "number") {
        throw wrong(
          at,
          `row ${row + 1} holds ${Array.isArray(item) ? "a longer list" : JSON.stringify(item)}`,
          "give numbers; encode words as numbers first",
        );
      }
      values[filled++] = item;
      return;
    }
    if ((!Array.isArray(item) && !isArray(item)) || item.length !== shape[depth]) {
      const got = Array.isArray(item) || isArray(item) ? `${item.length} values` : JSON.stringify(item);
      throw wrong(
        at,
        `row ${row + 1} has ${got}, the first row ${shape[depth]}`,
        "give every row the same number of values",
      );
    }
    if (isArray(item)) kinds.add(kindOf(item));
    for (let i = 0; i < item.length; i++) visit(item[i], depth + 1, depth === 0 ? i : row);
  };
  visit(rows, 0, 0);
  const [only] = kinds;
  return { values, shape, kind: kinds.size === 1 && only !== undefined ? only : "float" };
}

function requireSameRows(train: Samples, held: Samples, what: string): void {
  for (const part of ["features", "target"] as const) {
    const [a, b] = [train[part].shape.slice(1), held[part].shape.slice(1)];
    if (String(a) === String(b) && train[part].data.constructor === held[part].data.constructor) continue;
    throw new SteepestError(
      "data-shape",
      `${what} has ${part} [${b.join(", ")}], the first training row [${a.join(", ")}]`,
      { help: "give both the same shape and type" },
    );
  }
}

const wrong = (at: string, what: string, help: string): SteepestError =>
  new SteepestError("data-shape", what, { where: `at ${at}`, help });
