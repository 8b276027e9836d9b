import type { Backend } from "../../engine/backend.ts";
import { reference } from "../../engine/backends/reference.ts";
import { type Expr, input, type Node, type Shape, sizeOf } from "../../engine/graph/index.ts";
import { valueAndGrad } from "../../engine/rules/differentiate.ts";
import { SteepestError } from "../../run/errors.ts";
import type { Tensors } from "../transform.ts";

/** A point with the loss and its gradient there. */
export interface Point {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

/** A function of many variables that a host-driven search can look at. */
export interface Objective {
  readonly size: number;
  /** The arrays it returns are its caller's. */
  readonly evaluate: (x: Float64Array) => Point;
}

/** An objective over named tensors, which are laid end to end in x. */
export interface CompiledObjective extends Objective {
  readonly pack: (params: Readonly<Record<string, ArrayLike<number>>>) => Float64Array;
  readonly unpack: (x: Float64Array) => Record<string, Float64Array>;
}

/** Options of `compileObjective`. Default: float64 in the reference interpreter. */
export interface ObjectiveOptions {
  readonly backend?: Backend;
  readonly dtype?: "float32" | "float64";
}

/** Compiles loss and gradients once; each evaluation copies x in and the gradient out. */
export function compileObjective(
  loss: (params: Tensors) => Expr,
  shapes: Readonly<Record<string, Shape>>,
  { backend = reference, dtype = "float64" }: ObjectiveOptions = {},
): CompiledObjective {
  const names = Object.keys(shapes);
  const params: Record<string, Node<"input">> = Object.fromEntries(
    names.map((n) => [n, input(`param.${n}`, shapes[n]!, dtype)]),
  );
  const [value, grads] = valueAndGrad(loss)(params as Tensors);
  const program = backend.compile({
    inputs: Object.values(params),
    state: [],
    outputs: [{ name: "loss", value }, ...names.map((n) => ({ name: `grad.${n}`, value: grads[n]! }))],
  });
  const places = new Map<string, [number, number]>();
  let size = 0;
  for (const n of names) places.set(n, [size, (size += sizeOf(shapes[n]!))]);
  const unpack = (x: Float64Array): Record<string, Float64Array> =>
    Object.fromEntries(names.map((n) => [n, x.slice(...places.get(n)!)]));
  return {
    size,
    unpack,
    pack: (values) => {
      const x = new Float64Array(size);
      for (const n of names) {
        const [start, end] = places.get(n)!;
        const given = values[n];
        if (given === undefined || given.length !== end - start) {
          throw new SteepestError("objective", `${n} has ${given?.length ?? 0} values, not ${end - start}`, {
            help: "give one value for each entry of its shape, row by row",
          });
        }
        x.set(Array.from(given), start);
      }
      return x;
    },
    evaluate: (x) => {
      for (const n of names) program.view(`param.${n}`).set(x.subarray(...places.get(n)!));
      program.run();
      const gradient = new Float64Array(size);
      for (const n of names) gradient.set(program.view(`grad.${n}`), places.get(n)![0]);
      return { x: x.slice(), value: program.view("loss")[0]!, gradient };
    },
  };
}
