/**
 * Running results of reductions. Sums are kept at two levels: a short run in the element type, and its total in
 * float64 (float32 data) or in a second float64 (float64 data), so that the error does not grow with the length.
 */

import type { Reduction } from "../../kernels.ts";
import type { FunctionWriter, ValueType } from "./assembler/assembler.ts";
import type { PlainOp } from "./assembler/opcodes.ts";
import { constant, valueType } from "./emit-op.ts";
import type { OpContext } from "./op-context.ts";

/** Iterations after which short runs are added to their totals. */
export const RUN = 128;

export interface Accumulator {
  readonly start: () => void;
  /** Takes the value `push` puts on the stack. */
  readonly add: (push: () => void) => void;
  /** Ends a short run. */
  readonly flush: () => void;
  /** Puts the result on the stack: the lanes as they are, in the element type. */
  readonly finish: () => void;
  readonly release: () => void;
}

type Emit = Pick<OpContext, "f" | "lanes">;

export function accumulator(c: Emit, node: Reduction): Accumulator {
  if (node.op === "argmax") return argmaxAccumulator(c.f, node);
  if (node.op === "reduceSum" && node.dtype !== "int32") return sumAccumulator(c, node.dtype === "float64");
  return plainAccumulator(c, node);
}

function sumAccumulator({ f, lanes }: Emit, double: boolean): Accumulator {
  const vector = lanes > 1;
  const run = f.local(valueType(double ? "float64" : "float32", lanes));
  const totalType: ValueType = vector ? "v128" : "f64";
  const total = f.local(totalType);
  const high = vector && !double ? f.local("v128") : null; // totals of lanes 2 and 3
  const add: PlainOp = double ? (vector ? "f64x2.add" : "f64.add") : vector ? "f32x4.add" : "f32.add";
  const addTotal: PlainOp = vector ? "f64x2.add" : "f64.add";
  const zeroRun = (): void => {
    constant({ f, lanes }, double ? "float64" : "float32", 0);
    f.set(run);
  };
  return {
    start: () => {
      zeroRun();
      for (const t of high === null ? [total] : [total, high]) {
        if (vector) f.splat("f64x2", 0);
        else f.f64(0);
        f.set(t);
      }
    },
    add: (push) => {
      f.get(run);
      push();
      f.op(add).set(run);
    },
    flush: () => {
      f.get(total).get(run);
      if (!double) f.op(vector ? "f64x2.promote_low_f32x4" : "f64.promote_f32");
      f.op(addTotal).set(total);
      if (high !== null) {
        f.get(high)
          .get(run)
          .get(run)
          .shuffle32(2, 3, 2, 3)
          .op("f64x2.promote_low_f32x4")
          .op(addTotal)
          .set(high);
      }
      zeroRun();
    },
    finish: () => {
      f.get(total);
      if (double) return;
      if (high === null) f.op("f32.demote_f64");
      else f.op("f32x4.demote_f64x2_zero").get(high).op("f32x4.demote_f64x2_zero").shuffle32(0, 1, 4, 5);
    },
    release: () => {
      f.release(valueType(double ? "float64" : "float32", lanes), run).release(totalType, total);
      if (high !== null) f.release("v128", high);
    },
  };
}

/** Extremes, and integer sums: nothing is lost on the way. */
function plainAccumulator({ f, lanes }: Emit, node: Reduction): Accumulator {
  const type = valueType(node.dtype, lanes);
  const best = f.local(type);
  const integer = node.dtype === "int32";
  const first =
    node.op === "reduceSum" ? 0
    : node.op === "reduceMax" ? (integer ? -2147483648 : Number.NEGATIVE_INFINITY)
    : integer ? 2147483647 : Number.POSITIVE_INFINITY; // biome-ignore format: a table
  return {
    start: () => {
      constant({ f, lanes }, node.dtype, first);
      f.set(best);
    },
    add: (push) => {
      f.get(best);
      push();
      combine({ f, lanes }, node);
      f.set(best);
    },
    flush: () => {},
    finish: () => f.get(best),
    release: () => f.release(type, best),
  };
}

/** Joins two partial results on the stack. Sums of float32 partials are joined in float64 by the caller. */
export function combine({ f, lanes }: Emit, node: Pick<Reduction, "op" | "dtype">): void {
  const suffix = node.op === "reduceSum" ? "add" : node.op === "reduceMax" ? "max" : "min";
  if (node.dtype !== "int32") {
    const prefix =
      lanes > 1 ? (node.dtype === "float64" ? "f64x2" : "f32x4") : node.dtype === "float64" ? "f64" : "f32";
    f.op(`${prefix}.${suffix}` as PlainOp);
  } else if (suffix === "add") f.op(lanes > 1 ? "i32x4.add" : "i32.add");
  else if (lanes > 1) f.op(suffix === "max" ? "i32x4.max_s" : "i32x4.min_s");
  else {
    const [a, b] = [f.local("i32"), f.local("i32")];
    f.set(b)
      .tee(a)
      .get(b)
      .get(a)
      .get(b)
      .op(suffix === "max" ? "i32.gt_s" : "i32.lt_s")
      .op("select");
    f.release("i32", a, b);
  }
}

/** Joins the lanes of partial results into one element on the stack; sums of float32 in float64. */
export function joinTotals(
  f: FunctionWriter,
  node: Reduction,
  partials: readonly { readonly width: 1 | 2 | 4; readonly partial: Accumulator }[],
): void {
  const inDouble = node.op === "reduceSum" && node.dtype === "float32";
  let first = true;
  const join = (): void => {
    if (inDouble) f.op("f64.promote_f32");
    if (!first) {
      if (inDouble) f.op("f64.add");
      else combine({ f, lanes: 1 }, node);
    }
    first = false;
  };
  const vector = node.dtype === "float64" ? "f64x2" : node.dtype === "int32" ? "i32x4" : "f32x4";
  for (const { width, partial } of partials) {
    if (width === 1) {
      partial.finish();
      join();
      continue;
    }
    const lanes = f.local("v128");
    partial.finish();
    f.set(lanes);
    for (let lane = 0; lane < width; lane++) {
      f.get(lanes).lane(`${vector}.extract_lane`, lane);
      join();
    }
    f.release("v128", lanes);
  }
  if (inDouble) f.op("f32.demote_f64");
}

/** Single elements: the best value so far, its index, and the running index. The first NaN wins. */
function argmaxAccumulator(f: FunctionWriter, node: Reduction): Accumulator {
  const dtype = node.inputs[0]!.dtype;
  const type = valueType(dtype, 1) as "f32" | "f64" | "i32";
  const [best, candidate] = [f.local(type), f.local(type)];
  const [index, winner] = [f.local("i32"), f.local("i32")];
  return {
    start: () => {
      constant({ f, lanes: 1 }, dtype, dtype === "int32" ? -2147483648 : Number.NEGATIVE_INFINITY);
      f.set(best).i32(0).set(index).i32(0).set(winner);
    },
    add: (push) => {
      push();
      f.tee(candidate)
        .get(best)
        .op(type === "i32" ? "i32.gt_s" : `${type}.gt`);
      if (type !== "i32") {
        f.get(candidate)
          .get(candidate)
          .op(`${type}.ne`)
          .get(best)
          .get(best)
          .op(`${type}.eq`)
          .op("i32.and")
          .op("i32.or");
      }
      f.if(() => f.get(candidate).set(best).get(index).set(winner));
      f.get(index).i32(1).op("i32.add").set(index);
    },
    flush: () => {},
    finish: () => f.get(winner),
    release: () => f.release(type, best, candidate).release("i32", index, winner),
  };
}
