/** Convolutions and pooling with their gradients on every code writer, against the interpreter. */
import { expect, test } from "vitest";
import { nativeBackend } from "../../src/engine/backends/node-native.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import type { Expr, Shape } from "../../src/engine/graph/index.ts";
import * as ops from "../../src/engine/graph/index.ts";
import { gradients } from "../../src/engine/rules/differentiate.ts";
import * as nn from "../../src/nn/index.ts";
import { hasCompiler, writers } from "./backends.ts";
import { agree, float, values } from "./harness.ts";

type Case = { image: Shape; out: number; kernel: nn.Pair; options?: nn.Conv2dOptions };
const cases: Readonly<Record<string, Case>> = {
  "3×3, padded": { image: [4, 3, 14, 14], out: 8, kernel: 3, options: { padding: 1 } },
  "one pixel": { image: [2, 5, 6, 7], out: 40, kernel: 1 },
  "stride 2": { image: [3, 2, 11, 9], out: 5, kernel: 3, options: { stride: 2, padding: 1 } },
  dilated: { image: [2, 2, 13, 12], out: 3, kernel: 3, options: { dilation: 2 } },
  "in groups": { image: [2, 6, 8, 8], out: 9, kernel: 3, options: { groups: 3, padding: 1 } },
  depthwise: { image: [3, 4, 9, 10], out: 8, kernel: [3, 5], options: { groups: 4, padding: [1, 2] } },
  "a single image": { image: [1, 1, 28, 28], out: 16, kernel: 5, options: { padding: "same" } },
  "many channels": { image: [3, 17, 9, 7], out: 20, kernel: 3, options: { padding: 1 } },
  "many channels, one image": { image: [1, 16, 6, 8], out: 33, kernel: 3 },
  "many channels, uneven zeros": { image: [2, 13, 5, 12], out: 12, kernel: 3, options: { padding: [2, 0] } },
  "wide images": { image: [1, 2, 5, 70], out: 33, kernel: [2, 3], options: { stride: [1, 3] } },
};

/** Integers of a range, ends included, that follow from the seed. */
function picker(seed: number): (low: number, high: number) => number {
  const drawn = values([64], { seed: seed + 100, scale: 1 });
  let i = 8;
  return (low, high) => low + Math.floor(((drawn[i++]! + 1) / 2) * (high - low + 1));
}

for (const backend of writers) {
  test.each(Object.keys(cases))(`${backend.name}: convolution, %s`, (name) => {
    const { image, out, kernel, options } = cases[name]!;
    const [kh, kw] = typeof kernel === "number" ? [kernel, kernel] : kernel;
    const layer = nn.conv2d(image[1]!, out, kernel, options);
    const weight = [out, image[1]! / (options?.groups ?? 1), kh, kw];
    for (const dtype of ["float32", "float64"] as const) {
      const given = [
        float(image, dtype),
        float(weight, dtype, { seed: 4 }),
        float([out], dtype, { seed: 5 }),
      ];
      agree(
        backend,
        given,
        (x, w, b) => {
          const y = layer.forward({ weight: w!, bias: b! }, x!, { training: true }).output;
          return [y, ...gradients(ops.sum(ops.square(y)), [x!, w!, b!])];
        },
        { toMax: true, tol: dtype === "float32" ? 2e-6 : 1e-13 },
      );
    }
  });

  // derivatives of derivatives too, of shapes that nobody chose
  test.each(Array.from({ length: 12 }, (_, i) => i))(
    `${backend.name}: convolution drawn at random, %i`,
    (seed) => {
      const pick = picker(seed);
      const pair = (low: number, high: number): [number, number] => [pick(low, high), pick(low, high)];
      const groups = pick(1, 3);
      const [inside, outside] = [pick(1, 4), pick(1, 7)];
      const [kernel, stride, padding, dilation] = [pair(1, 4), pair(1, 3), pair(0, 2), pair(1, 2)];
      const extent = kernel.map(
        (k, i) => Math.max(1, dilation[i]! * (k - 1) + 1 - 2 * padding[i]!) + pick(0, 17),
      );
      const image = [pick(1, 4), inside * groups, ...extent];
      const options = { stride, padding, dilation, groups, bias: pick(0, 1) === 1 };
      const layer = nn.conv2d(image[1]!, outside * groups, kernel, options);
      for (const dtype of ["float32", "float64"] as const) {
        const shapes = [image, [outside * groups, inside, ...kernel], [outside * groups]];
        const given = shapes.map((shape, i) => float(shape, dtype, { seed: seed + i }));
        agree(
          backend,
          given,
          (x, w, b) => {
            const params = options.bias ? { weight: w!, bias: b! } : { weight: w! };
            const y = layer.forward(params, x!, { training: true }).output;
            const first = gradients(ops.sum(ops.square(y)), [x!, w!]);
            const second = gradients(ops.add(ops.sum(ops.square(first[0]!)), ops.sum(first[1]!)), [x!, w!]);
            return [y, ...first, ...second];
          },
          { toMax: true, tol: dtype === "float32" ? 2e-6 : 1e-13 },
        );
      }
    },
  );

  const pools: Readonly<Record<string, nn.Layer>> = {
    "largest of tiles": nn.maxPool2d(2),
    "largest of uneven tiles": nn.maxPool2d([3, 2]),
    "largest of overlapping windows": nn.maxPool2d(3, { stride: 2, padding: 1 }),
    "largest of rectified tiles": nn.sequential(nn.relu(), nn.maxPool2d(2)),
    "largest of rectified tiles of 16": nn.sequential(nn.relu(), nn.maxPool2d(4)),
    "rectified largest of tiles": nn.sequential(nn.maxPool2d(2), nn.leakyRelu({ slope: 0.1 })),
    "mean of tiles": nn.avgPool2d(2),
    "mean of overlapping windows": nn.avgPool2d(3, { stride: 1, padding: 1 }),
  };
  test.each(Object.keys(pools))(`${backend.name}: pooling, %s`, (name) => {
    for (const shape of [
      [3, 2, 12, 14],
      [2, 1, 7, 9],
      [1, 5, 29, 33],
    ]) {
      agree(backend, [float(shape, "float32")], (x) => {
        const y = pools[name]!.forward({}, x!, { training: true }).output;
        return [y, ...gradients(ops.sum(ops.mul(y, y)), [x!])];
      });
    }
  });

  test(`${backend.name}: of equal maxima the first gets the gradient, and NaN wins`, () => {
    const values = [1, 1, 2, Number.NaN, 1, 1, 3, 3];
    const x = ops.input("x", [1, 1, 2, 4]);
    const y = nn.maxPool2d(2).forward({}, x as Expr, { training: true }).output;
    const [gradient] = gradients(ops.sum(y), [x as Expr]);
    const outputs = [
      { name: "y", value: y },
      { name: "gradient", value: gradient! },
    ];
    const program = backend.compile({ inputs: [x], state: [], outputs });
    program.view("x").set(values);
    program.run();
    expect(Array.from(program.view("y"))).toEqual([1, Number.NaN]);
    expect(Array.from(program.view("gradient"))).toEqual([1, 0, 0, 1, 0, 0, 0, 0]);
  });
}

test("WebAssembly: conv2d's windows bring Winograd's products along, to all three convolutions of a step", () => {
  const [x, w] = [ops.input("x", [2, 16, 8, 8]), ops.input("w", [16, 16, 3, 3])];
  const products = (y: Expr): number | string | undefined =>
    wasm.compile({
      inputs: [x, w],
      state: [],
      outputs: gradients(ops.sum(ops.square(y)), [x as Expr, w as Expr]).map((value, i) => ({
        name: `${i}`,
        value,
      })),
    }).notes["products"];
  const layer = nn.conv2d(16, 16, 3, { padding: 1, bias: false });
  expect(products(layer.forward({ weight: w as Expr }, x as Expr, { training: true }).output)).toBe(0);
  // windows that bring nothing stay products
  const columns = ops.reshape(
    ops.permute(ops.windows(x as Expr, { sizes: [3, 3] }), [0, 1, 4, 5, 2, 3]),
    [2, 144, 36],
  );
  expect(products(ops.matmul(ops.reshape(w as Expr, [16, 144]), columns))).toBe(3);
});

test("where a rectifier's gradient goes is read off its result: nothing of the image's size is stored besides", () => {
  const x = ops.input("x", [4, 8, 32, 32]);
  const y = nn.relu().forward({}, ops.mul(x as Expr, 2), { training: true }).output;
  const [gradient] = gradients(ops.sum(ops.square(ops.sum(y, { axes: 0 }))), [x as Expr]);
  const outputs = [y, gradient!].map((value, i) => ({ name: `${i}`, value }));
  const { bytes } = wasm.compile({ inputs: [x], state: [], outputs });
  expect(bytes).toBeLessThan(4 * (4 * 8 * 32 * 32 * 4));
});

test("the gradients of pooling, rectifier and bias are one loop, over the pooling's windows", () => {
  const [x, b] = [ops.input("x", [4, 8, 16, 16]), ops.input("b", [8, 1, 1])];
  const pool = nn.sequential(nn.relu(), nn.maxPool2d(2));
  const y = pool.forward({}, ops.add(x as Expr, b as Expr), { training: true }).output;
  const [gx, gb] = gradients(ops.sum(ops.square(y)), [x as Expr, b as Expr]);
  const rows = ops.reshape(gx!, [4, -1]);
  const outputs = [gb!, ops.matmul(rows, rows, { transposeB: true })].map((value, i) => ({
    name: `${i}`,
    value,
  }));
  // the rectified sum, the largest and their places, the gradients, and the bias's in its own shape
  expect(wasm.compile({ inputs: [x, b], state: [], outputs }).notes["loops"]).toBe(4);
});

test.runIf(hasCompiler)("native: no column matrix is stored, forward or for the weight's gradient", () => {
  const [x, w] = [ops.input("x", [8, 16, 32, 32]), ops.input("w", [16, 16, 3, 3])];
  const layer = nn.conv2d(16, 16, 3, { padding: 1, bias: false });
  const y = layer.forward({ weight: w as Expr }, x as Expr, { training: true }).output;
  const [gradient] = gradients(ops.sum(ops.square(y)), [w as Expr]);
  const value = { name: "gradient", value: gradient! };
  const bytes = nativeBackend().compile({ inputs: [x, w], state: [], outputs: [value] }).bytes;
  expect(bytes).toBeLessThan(8 * 16 * 9 * 32 * 32 * 4);
});
