/**
 * Bounds are the largest error met, rounded up, in ulp of the exact value: float32 against float64's Math (and erf of
 * rules/scalar.ts), float64 against Math itself, which is good to an ulp.
 */

import { describe, expect, test } from "vitest";
import { hasCompiler } from "../../../../test/conformance/backends.ts";
import { nativeBackend } from "../../backends/node-native.ts";
import type { Expr } from "../../graph/index.ts";
import * as ops from "../../graph/index.ts";
import type { PolynomialPrimitive } from "../../graph/primitives.ts";
import { sigmoid } from "../../rules/scalar.ts";
import { detectFma } from "./wasm/gemm/relaxed-simd.ts";

import { host, type VectorFunction, vectorFunction } from "./wasm/math/testing.ts";

const exact: Readonly<Record<PolynomialPrimitive, (x: number, y: number) => number>> = { ...host, sigmoid };

const ranges: Readonly<Record<PolynomialPrimitive, readonly (readonly [number, number])[]>> = {
  exp: [[-110, 95], [-1, 1], [-1e-3, 1e-3], [-87.5, 88.8], [-750, 712]],
  log: [[0, 2], [0.4, 1.6], [0.99, 1.01], [0, 1e4], [0, 3e38], [0, 1e-37], [0, 1e-44], [0, 1e308], [0, 1e-310]],
  log1p: [[-1, 1], [-0.01, 0.01], [-1e-6, 1e-6], [-1e-30, 1e-30], [-1, -0.99], [-1, 1e4], [0, 3e38]],
  expm1: [[-25, 95], [-1, 1], [-0.01, 0.01], [-1e-30, 1e-30], [-50, 712]],
  tanh: [[-10, 10], [-1, 1], [-1e-3, 1e-3], [-25, 25], [-1e-30, 1e-30]],
  sigmoid: [[-87, 87], [-1, 1], [-20, 20], [-1e-3, 1e-3]],
  erf: [[-5, 5], [-1.2, 1.2], [0.9, 1.1], [-1e-3, 1e-3]],
  sin: [[-10, 10], [-0.1, 0.1], [-1e5, 1e5], [-3e5, 3e5]],
  cos: [[-10, 10], [-0.1, 0.1], [-1e5, 1e5], [-3e5, 3e5]],
  pow: [[0, 10], [0, 2], [-5, 5], [0, 1e30]],
}; // biome-ignore format: a table

const inf = Number.POSITIVE_INFINITY;
const specials = [0, -0, inf, -inf, Number.NaN, 1, -1, 2, -2, 0.5, 100, -100, 1000, -1000, 1e4, -1e4, 1e30, -1e30, 1e-40, -1e-40, 1e-320, 3, -3]; // biome-ignore format: a list

const bounds = {
  float32: { exp: 1.2, log: 0.9, log1p: 1.5, expm1: 1.8, tanh: 2.6, sigmoid: 2.6, erf: 1.4, sin: 1.6, cos: 1.6, pow: 0.51 },
  float64: { exp: 1, log: 1, log1p: 2, expm1: 2, tanh: 3, sigmoid: 3, erf: 0, sin: 0, cos: 0, pow: 0 },
} as const; // biome-ignore format: a table

function ulp(x: number, dtype: "float32" | "float64"): number {
  const [fraction, lowest] = dtype === "float32" ? [23, -126] : [52, -1022];
  let exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), lowest);
  if (2 ** exponent > Math.abs(x)) exponent--;
  return 2 ** (Math.max(exponent, lowest) - fraction);
}

const SIZE = 4096;
/** Largest error over an even grid and a golden-ratio sequence on each range; ∞ where exactly one side is finite or NaN. */
function worst(
  { make }: Writer,
  dtype: "float32" | "float64",
  name: PolynomialPrimitive,
): { error: number; at: string } {
  const v = make(dtype, name, SIZE);
  let [error, at] = [0, ""];
  for (const [lo, hi] of ranges[name]) {
    for (let round = 0; round < 8; round++) {
      for (let i = 0; i < SIZE; i++) {
        const spread = ((i + round * SIZE) * 0.6180339887498949) % 1;
        v.x[i] = lo + (hi - lo) * (round % 2 === 0 ? (i + round / 8) / SIZE : spread);
        v.y[i] = (((i * 0.7548776662466927) % 1) - 0.5) * 8;
      }
      v.run(SIZE);
      for (let i = 0; i < SIZE; i++) {
        const want = exact[name](v.x[i]!, v.y[i]!);
        const rounded = dtype === "float32" ? Math.fround(want) : want;
        const got = v.out[i]!;
        if (Object.is(rounded, got) || rounded === got) continue;
        // Next to the largest number, ∞ and it are an ulp apart.
        const overflow =
          Math.abs(got) === inf && Math.abs(want) > (dtype === "float32" ? 3.402823e38 : 1.797693e308);
        const off = overflow ? 1 : Math.abs(got - want) / ulp(want, dtype);
        if (!(off <= error))
          [error, at] = [Number.isNaN(off) ? inf : off, `${name}(${v.x[i]}, ${v.y[i]}) = ${got}`];
      }
    }
  }
  return { error, at };
}

/** Who writes the functions' code, and how it is run over arrays. */
interface Writer {
  readonly title: string;
  readonly make: (
    dtype: "float32" | "float64",
    name: PolynomialPrimitive,
    capacity?: number,
  ) => VectorFunction;
  readonly bounds: Readonly<Record<"float32" | "float64", Readonly<Record<PolynomialPrimitive, number>>>>;
}

const wasm = (fma: boolean): Writer => ({
  title: `WebAssembly, ${fma ? "relaxed multiply-add" : "multiply and add"}`,
  make: (dtype, name, capacity = 4096) => vectorFunction(dtype, name, { fma, capacity }),
  bounds,
});

const { exp, log, log1p, expm1, tanh, sigmoid: logistic, erf, sin, cos } = ops;
const words = { exp, log, log1p, expm1, tanh, sigmoid: logistic, erf, sin, cos };

/** float64 sin, cos, pow and erf are the C library's; what separates erf is the error of rules/scalar.ts, up to 1.1e-15. */
const native: Writer = {
  title: "native code",
  make: (dtype, name, capacity = 4096) => {
    const [x, y] = [ops.input("x", [capacity], dtype), ops.input("y", [capacity], dtype)];
    const value = name === "pow" ? ops.pow(x as Expr, y as Expr) : words[name](x as Expr);
    const program = nativeBackend().compile({ inputs: [x, y], state: [], outputs: [{ name: "out", value }] });
    const view = (of: string): Float64Array => program.view(of) as Float64Array;
    return { x: view("x"), y: view("y"), out: view("out"), run: () => program.run() };
  },
  bounds: { float32: bounds.float32, float64: { ...bounds.float64, erf: 10, sin: 1, cos: 1, pow: 1 } },
};

const all = [...(detectFma() ? [wasm(false), wasm(true)] : [wasm(false)]), ...(hasCompiler ? [native] : [])];
for (const writer of all) {
  for (const dtype of ["float32", "float64"] as const) {
    describe(`${dtype}, ${writer.title}`, () => {
      for (const name of Object.keys(ranges) as PolynomialPrimitive[]) {
        const bound = writer.bounds[dtype][name];
        test(`${name} is within ${bound} ulp`, () => {
          const { error, at } = worst(writer, dtype, name);
          expect(error, at).toBeLessThanOrEqual(bound);
        });

        test(`${name} of 0, ∞, NaN, negative and huge numbers is as in Math, sign of zero included`, () => {
          const v = writer.make(dtype, name);
          const pairs =
            name === "pow"
              ? specials.flatMap((x) => specials.map((y) => [x, y]))
              : specials.map((x) => [x, 0]);
          v.x.fill(1);
          v.y.fill(1);
          pairs.forEach(([x, y], i) => {
            v.x[4 * i] = x!;
            v.y[4 * i] = y!;
          });
          v.run(pairs.length * 4);
          for (let i = 0; i < pairs.length; i++) {
            const [x, y, got] = [v.x[4 * i]!, v.y[4 * i]!, v.out[4 * i]!];
            const want = exact[name](x, y);
            const rounded = dtype === "float32" ? Math.fround(want) : want;
            const label = `${name}(${x}, ${y})`;
            if (Number.isFinite(rounded) && rounded !== 0 && Math.abs(rounded) !== 1) {
              // sigmoid goes to 0 below the normal numbers, already from e^x = 1/largest on.
              const slack = name === "sigmoid" && want < 1e-37 ? 1e-37 : 0;
              expect(Math.abs(got - want), label).toBeLessThanOrEqual(bound * ulp(want, dtype) + slack);
            } else expect(got, label).toBe(rounded);
          }
        });
      }

      test("a lane's result doesn't depend on its neighbours", () => {
        for (const name of Object.keys(ranges) as PolynomialPrimitive[]) {
          const v = writer.make(dtype, name);
          const inputs = [...specials, 0.3, 1.7, 12.5, 3e5, 88.7];
          inputs.forEach((x, i) => {
            v.x.fill(x, i * 4, i * 4 + 4);
          });
          v.y.fill(1.5);
          v.run(inputs.length * 4);
          const alone = inputs.map((_, i) => v.out[i * 4]!);
          inputs.forEach((x, i) => {
            v.x[i] = x;
          });
          v.run(Math.ceil(inputs.length / 4) * 4);
          expect(Array.from(v.out.subarray(0, inputs.length)), name).toEqual(alone);
        }
      });

      test("sigmoid is finite, within [0, 1] and falls back by at most 1 ulp for |z| up to 1e4", () => {
        const v = writer.make(dtype, "sigmoid", 65536);
        for (const reach of [1, 20, 100, 1e4]) {
          v.x.forEach((_, i) => {
            v.x[i] = (i / 32768 - 1) * reach;
          });
          v.run(65536);
          const wrong = Array.from({ length: 65535 }, (_, i) => i + 1).filter((i) => {
            const [before, here] = [v.out[i - 1]!, v.out[i]!];
            return !(here >= 0 && here <= 1 && here >= before - ulp(before, dtype));
          });
          expect(wrong.map((i) => v.x[i])).toEqual([]);
          expect([v.out[0]! <= 0.27, v.out[65535]! >= 0.73]).toEqual([true, true]);
        }
      });
    });
  }
}
