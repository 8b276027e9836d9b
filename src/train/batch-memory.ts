/** A batch's way into a program's memory: names, lengths and labels are checked before anything is written. */
import type { Executable } from "../engine/backend.ts";
import { type Node, sizeOf, type TypedArray } from "../engine/graph/index.ts";
import { shapeError, showShape } from "../engine/graph/shape.ts";
import { indexRange } from "../nn/index-range.ts";
import { closest, SteepestError } from "../run/errors.ts";
import type { BatchShapes, BatchTensors } from "./trace.ts";

export type BatchValues = Readonly<Record<string, ArrayLike<number>>>;
export type ViewOf = (name: string, size?: number) => TypedArray;

/** The memory of an input. One that the program does not read has memory of its own, so that writing works. */
export function inputViews(executable: Executable, inputs: readonly Node<"input">[]): ViewOf {
  const names = new Set(inputs.map((e) => e.attrs.name));
  return (name, size = 1) => (names.has(name) ? executable.view(name) : new Float64Array(size));
}

/** A loss need not look at every part of the batch. */
export const viewsOfBatch = (data: BatchTensors, viewOf: ViewOf): Record<string, TypedArray> =>
  Object.fromEntries(
    Object.entries(data).map(([name, e]) => [name, viewOf(`batch.${name}`, sizeOf(e.shape))]),
  );

/** The examples of a batch; null where its parts differ in their first axis. */
const examplesOf = (data: BatchTensors): number | null => {
  const [first, ...rest] = Object.values(data).map((e) => e.shape[0]);
  return first !== undefined && rest.every((n) => n === first) ? first : null;
};

/**
 * How many examples the values hold, where all parts agree: the program's own number, or another. Throws `batch` for a
 * name that is not the batch's, `shape` for a length that does not fit.
 */
export function rowsGiven(owner: string, values: BatchValues, data: BatchTensors): number | null {
  for (const name of Object.keys(values)) {
    if (name in data) continue;
    const near = closest(name, Object.keys(data));
    throw new SteepestError("batch", `${owner}: the batch has no part named ${name}`, {
      help: near === undefined ? `its parts are ${Object.keys(data).join(", ")}` : `did you mean "${near}"?`,
    });
  }
  const examples = examplesOf(data);
  const wrong = Object.entries(data).find(([name, e]) => values[name]?.length !== sizeOf(e.shape));
  if (wrong === undefined) return examples;
  const rows = Object.entries(data).map(
    ([name, e]) => (values[name]?.length ?? 0) / sizeOf(e.shape.slice(1)),
  );
  const [n] = rows;
  const agree =
    examples !== null && n !== undefined && Number.isInteger(n) && n > 0 && rows.every((m) => m === n);
  if (agree) return n;
  const [name, e] = wrong;
  const given = values[name];
  const got = given === undefined ? "nothing" : `${given.length} values`;
  throw shapeError(owner, `the batch's ${name} is ${showShape(e.shape)}, got ${got}`, helpFor(given));
}

const helpFor = (given: ArrayLike<number> | undefined): string =>
  given !== undefined && typeof given[0] === "object"
    ? "give its numbers as one flat list, row after row: rows.flat()"
    : "give every part for the same number of examples, flat and row after row";

/** Writes the values. Throws `label-range` for one that is not whole or not among the classes, `batch` for no number. */
export function copyBatch(
  owner: string,
  values: BatchValues,
  { data, views }: { readonly data: BatchTensors; readonly views: Readonly<Record<string, TypedArray>> },
): void {
  for (const [name, view] of Object.entries(views)) {
    const given = values[name]!;
    if (typeof given[0] !== "number" && given.length > 0) {
      throw new SteepestError("batch", `${owner}: the batch's ${name} holds a ${typeof given[0]}`, {
        help: "give numbers as one flat list, row after row: rows.flat()",
      });
    }
    const e = data[name]!;
    if (e.dtype === "int32")
      requireWhole(owner, name, given, { range: indexRange(e), width: sizeOf(e.shape.slice(1)) });
    view.set(given);
  }
}

function requireWhole(
  owner: string,
  name: string,
  given: ArrayLike<number>,
  { range, width }: { range: ReturnType<typeof indexRange>; width: number },
): void {
  const { count = Number.POSITIVE_INFINITY, ignored } = range ?? {};
  const low = range === undefined ? Number.NEGATIVE_INFINITY : 0;
  for (let i = 0; i < given.length; i++) {
    const value = given[i]!;
    if (Number.isInteger(value) && ((value >= low && value < count) || value === ignored)) continue;
    const wanted = range === undefined ? "whole numbers" : `whole numbers 0 to ${count - 1}`;
    throw new SteepestError("label-range", `${owner}: ${name} holds ${value}, but it takes ${wanted}`, {
      where: `in row ${Math.floor(i / width) + 1} of the batch`,
      help:
        range === undefined
          ? "round the values, or declare the part without dtype int32"
          : "number classes and tokens from 0, and give the model an output or a row for each",
    });
  }
}

/** The same batch for another number of examples. */
export const withRows = (batch: BatchShapes, rows: number): BatchShapes =>
  Object.fromEntries(
    Object.entries(batch).map(([name, s]) => [
      name,
      "shape" in s ? { ...s, shape: [rows, ...s.shape.slice(1)] } : [rows, ...s.slice(1)],
    ]),
  );
