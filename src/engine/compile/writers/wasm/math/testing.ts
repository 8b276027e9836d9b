/** For tests and benchmarks: the vector functions over arrays. */

import type { PolynomialPrimitive } from "../../../../graph/primitives.ts";
import { erf } from "../../../../rules/scalar.ts";
import { assemble, FunctionWriter } from "../assembler/assembler.ts";
import { f32x4Math, f64x2Math, type HostFunction } from "./index.ts";

export const host: Readonly<Record<HostFunction, (x: number, y: number) => number>> = {
  sin: Math.sin,
  cos: Math.cos,
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  expm1: Math.expm1,
  tanh: Math.tanh,
  pow: (x, y) => x ** y,
  erf,
};

export interface VectorFunction {
  readonly x: Float32Array | Float64Array;
  readonly y: Float32Array | Float64Array;
  readonly out: Float32Array | Float64Array;
  /** out[0…n) = f(x[0…n)) or f(x, y); n is a multiple of the lanes. */
  readonly run: (n: number) => void;
}

/** A module with one loop around the function, over arrays of `capacity`. */
export function vectorFunction(
  dtype: "float32" | "float64",
  name: PolynomialPrimitive,
  { fma = false, capacity = 4096 }: { fma?: boolean; capacity?: number } = {},
): VectorFunction {
  const names = Object.keys(host) as HostFunction[];
  const bytes = capacity * 8;
  const f = new FunctionWriter(["i32"]);
  const at = f.local("i32");
  f.i32(0).set(at);
  f.countUp(
    at,
    () => f.get(0),
    16,
    () => {
      f.get(at).get(at).memory("v128.load", 0);
      if (name === "pow") f.get(at).memory("v128.load", bytes);
      const table = dtype === "float32" ? f32x4Math : f64x2Math;
      table[name]({ f, fma, callHost: (h) => void f.call(names.indexOf(h)) });
      f.memory("v128.store", 2 * bytes);
    },
  );
  const pages = Math.ceil((3 * bytes) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const module = assemble({
    imports: names.map((n) => ({
      module: "host",
      name: n,
      params: n === "pow" ? (["f64", "f64"] as const) : (["f64"] as const),
      results: ["f64"] as const,
    })),
    functions: [{ writer: f, name: "run" }],
    memory: { min: pages, max: pages, shared: false },
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), {
    host: host as Record<string, (x: number, y: number) => number>,
    env: { memory },
  });
  const run = exports.run as (bytes: number) => void;
  const ArrayOf = dtype === "float32" ? Float32Array : Float64Array;
  return {
    x: new ArrayOf(memory.buffer, 0, capacity),
    y: new ArrayOf(memory.buffer, bytes, capacity),
    out: new ArrayOf(memory.buffer, 2 * bytes, capacity),
    run: (n) => run(n * ArrayOf.BYTES_PER_ELEMENT),
  };
}
