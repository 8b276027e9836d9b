/** Rules for primitives that move elements. Sizes may depend on the batch's. */
import type { Expr, Node } from "../../engine/graph/expr.ts";
import type { Primitive } from "../../engine/graph/primitives.ts";
import { SteepestError } from "../../run/errors.ts";
import type { Line } from "../batch-size.ts";
import { type Emitter, fixed, isFixed, sameLine } from "./emitter.ts";
import type { Of } from "./match.ts";
import { dataTypes } from "./model-file.ts";

type Rule<P extends Primitive> = (e: Of<P>, emit: Emitter) => string;

/** One size that depends on the batch is what is left over. */
function reshapeTo(emit: Emitter, name: string, shape: readonly Line[]): string {
  const moving = shape.filter((line) => !isFixed(line));
  const to =
    moving.length > 1
      ? emit.b.sizes(shape)
      : emit.b.integers(shape.map((line) => (isFixed(line) ? line.offset : -1)));
  return emit.b.node("Reshape", [name, to]);
}

export const reshape: Rule<"reshape"> = (e, emit) => reshapeTo(emit, emit.x(e, 0), emit.shape(e));

/** An axis that the input has already is asked for as 1. */
export const broadcast: Rule<"broadcast"> = (e, emit) => {
  const from = emit.shape(e.inputs[0]!);
  const to = emit.shape(e);
  const extra = to.length - from.length;
  const asked = to.map((line, i) => (i >= extra && sameLine(line, from[i - extra]!) ? fixed(1) : line));
  return emit.b.node("Expand", [emit.x(e, 0), emit.b.sizes(asked)]);
};

/** 0, 1, 2 … along the axis, with every other axis 1. */
export function iotaRow(e: Of<"iota">, emit: Emitter): string {
  const { axis } = e.attrs;
  const length = emit.shape(e)[axis]!;
  const ones = (line: Line): Line[] => e.shape.map((_, i) => (i === axis ? line : fixed(1)));
  const { b } = emit;
  if (isFixed(length)) {
    const counted = Array.from({ length: length.offset }, (_, i) => i);
    return b.constant(
      counted,
      ones(length).map(({ offset }) => offset),
      "int32",
    );
  }
  const end = b.node("Cast", [b.node("Squeeze", [b.sizes([length])])], { to: dataTypes.int32 });
  const counted = b.node("Range", [b.number(0, "int32"), end, b.number(1, "int32")]);
  return reshapeTo(emit, counted, ones(length));
}

export const iota: Rule<"iota"> = (e, emit) => {
  const shape = emit.shape(e).map((line, i) => (i === e.attrs.axis ? fixed(1) : line));
  const row = iotaRow(e, emit);
  return shape.every((line) => sameLine(line, fixed(1)))
    ? row
    : emit.b.node("Expand", [row, emit.b.sizes(shape)]);
};

export const slice: Rule<"slice"> = (e, emit) => {
  const { b } = emit;
  const { steps } = e.attrs;
  const from = emit.shape(e.inputs[0]!);
  const to = emit.shape(e);
  const starts = emit.lines(e, (at) => at.attrs.starts);
  const stops = emit.lines(e, (at) =>
    at.shape.map((size, i) => at.attrs.starts[i]! + (size - 1) * steps[i]! + 1),
  );
  const cut = to.flatMap((line, i) => (sameLine(line, from[i]!) ? [] : [i]));
  if (cut.length === 0) return emit.x(e, 0);
  const of = <T>(list: readonly T[]): T[] => cut.map((i) => list[i]!);
  return b.node("Slice", [
    emit.x(e, 0),
    b.sizes(of(starts)),
    b.sizes(of(stops)),
    b.integers(cut),
    b.integers(of(steps)),
  ]);
};

/** `steps` − 1 fill values between the elements, then those around. */
export const pad: Rule<"pad"> = (e, emit) => {
  const { b } = emit;
  const { steps, value } = e.attrs;
  const fill = b.number(value, e.dtype);
  let name = emit.x(e, 0);
  const sizes = [...emit.shape(e.inputs[0]!)];
  steps.forEach((step, axis) => {
    const size = sizes[axis]!;
    if (step === 1) return;
    if (!isFixed(size)) throw overBatch("spreading rows apart");
    // [d] → [d, 1] → [d, step] → [d·step], without the last fill values
    const apart = reshapeTo(emit, name, [...sizes.slice(0, axis + 1), fixed(1), ...sizes.slice(axis + 1)]);
    const pads = sizes.flatMap(() => [0, 0]).concat(0, 0);
    pads[pads.length / 2 + axis + 1] = step - 1;
    const wide = b.node("Pad", [apart, b.integers(pads), fill]);
    const spread = (size.offset - 1) * step + 1;
    sizes[axis] = fixed(size.offset * step);
    const joined = reshapeTo(emit, wide, sizes);
    name = b.node("Slice", [joined, b.integers([0]), b.integers([spread]), b.integers([axis])]);
    sizes[axis] = fixed(spread);
  });
  const low = emit.lines(e, (at) => at.attrs.low);
  const high = emit.lines(e, (at) =>
    at.shape.map((size, i) => {
      const inside = at.inputs[0]!.shape[i]!;
      return size - at.attrs.low[i]! - (inside === 0 ? 0 : (inside - 1) * steps[i]! + 1);
    }),
  );
  return [...low, ...high].every((line) => sameLine(line, fixed(0)))
    ? name
    : b.node("Pad", [name, b.sizes([...low, ...high]), fill]);
};

/** Indices outside the table stand for its first and last row. */
function clamped(indices: string, rows: Line, { b }: Emitter): string {
  const last = b.sizes([{ ...rows, offset: rows.offset - 1 }]);
  const lastIndex = b.node("Cast", [last], { to: dataTypes.int32 });
  return b.node("Min", [b.node("Max", [indices, b.number(0, "int32")]), lastIndex]);
}

export const gather: Rule<"gather"> = (e, emit) => {
  const rows = emit.shape(e.inputs[0]!)[0]!;
  return emit.b.node("Gather", [emit.x(e, 0), clamped(emit.x(e, 1), rows, emit)], { axis: 0 });
};

export const scatterAdd: Rule<"scatterAdd"> = (e, emit) => {
  const { b } = emit;
  const shape = emit.shape(e);
  const zeros = b.node("Expand", [b.number(0, e.dtype), b.sizes(shape)]);
  const rows = b.node("Cast", [clamped(emit.x(e, 0), shape[0]!, emit)], { to: dataTypes.int64 });
  const places = b.node("Unsqueeze", [rows, b.integers([-1])]);
  return b.node("ScatterND", [zeros, places, emit.x(e, 1)], { reduction: { text: "add" } });
};

interface Axis {
  /** Size of the axis, and of the windows on it. */
  readonly size: number;
  readonly positions: number;
  readonly window: number;
  /** The place of element w of window p. */
  readonly place: (p: number, w: number) => number;
}

/** The windowed axes of `whole`, whose windows are the last axes of `view`. */
function axesOf(
  { attrs }: Node<"windows" | "foldWindows">,
  { whole, view, emit }: { whole: Expr; view: Expr; emit: Emitter },
): readonly Axis[] {
  const k = attrs.sizes.length;
  const sizes = emit.shape(whole).slice(-k);
  const positions = emit.shape(view).slice(-2 * k, -k);
  return attrs.sizes.map((window, i) => {
    const size = sizes[i]!;
    if (!isFixed(size)) throw overBatch("windows over the rows of a batch");
    const place = (p: number, w: number): number => p * attrs.strides[i]! + w * attrs.dilations[i]!;
    return { size: size.offset, positions: positions[i]!.offset, window, place };
  });
}

/** Each axis is gathered by a table [position, element]; then the positions are brought together. */
export const windows: Rule<"windows"> = (e, emit) => {
  const { b } = emit;
  const axes = axesOf(e, { whole: e.inputs[0]!, view: e, emit });
  const lead = e.inputs[0]!.shape.length - axes.length;
  let name = emit.x(e, 0);
  axes.forEach(({ positions, window, place }, i) => {
    const table = Array.from({ length: positions * window }, (_, j) =>
      place(Math.floor(j / window), j % window),
    );
    name = b.node("Gather", [name, b.constant(table, [positions, window], "int64")], { axis: lead + 2 * i });
  });
  if (axes.length === 1) return name;
  const perm = [
    ...Array.from({ length: lead }, (_, i) => i),
    ...axes.map((_, i) => lead + 2 * i),
    ...axes.map((_, i) => lead + 2 * i + 1),
  ];
  return b.node("Transpose", [name], { perm });
};

/** Each axis is summed by a product with zeros and ones [position·element, place], and moved to the front of its group. */
export const foldWindows: Rule<"foldWindows"> = (e, emit) => {
  const { b } = emit;
  const axes = axesOf(e, { whole: e, view: e.inputs[0]!, emit });
  const lead = emit.shape(e).slice(0, e.shape.length - axes.length);
  const k = axes.length;
  const heads = lead.map((_, i) => i);
  let name = emit.x(e, 0);
  // [lead, p1 … pk, w1 … wk] → [lead, p1, w1, … pk, wk]
  const pairs = axes.flatMap((_, i) => [lead.length + i, lead.length + k + i]);
  name = b.node("Transpose", [name], { perm: [...heads, ...pairs] });
  let rest = axes.flatMap(({ positions, window }) => [fixed(positions), fixed(window)]);
  const done: Line[] = [];
  for (const { size, positions, window, place } of axes) {
    // the first pair goes last, is summed, and stays there
    const rank = lead.length + rest.length + done.length;
    const others = Array.from({ length: rank - lead.length - 2 }, (_, i) => lead.length + 2 + i);
    const moved = b.node("Transpose", [name], { perm: [...heads, ...others, lead.length, lead.length + 1] });
    rest = rest.slice(2);
    const flat = reshapeTo(emit, moved, [...lead, ...rest, ...done, fixed(positions * window)]);
    const matrix = new Float64Array(positions * window * size);
    for (let j = 0; j < positions * window; j++)
      matrix[j * size + place(Math.floor(j / window), j % window)] = 1;
    name = b.node("MatMul", [flat, b.constant(matrix, [positions * window, size], e.dtype)]);
    done.push(fixed(size));
  }
  return name;
};

const overBatch = (what: string): SteepestError =>
  new SteepestError("handoff-batch", `${what} can't be written for every batch size`, {
    help: "let the model treat rows alike, whatever their number",
  });
