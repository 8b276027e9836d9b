/** Every primitive, layer and model kind as ONNX, run by ONNX Runtime at several batch sizes, beside the interpreter. */
import { describe, expect, test } from "vitest";
import { reference } from "../../src/engine/backends/reference.ts";
import * as ops from "../../src/engine/graph/index.ts";
import { type Primitive, primitives } from "../../src/engine/graph/primitives.ts";
import { exportOnnx, type OnnxExport } from "../../src/handoff/index.ts";
import * as nn from "../../src/nn/index.ts";
import { initBuffers, initParams, streamInit } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";
import { stream } from "../../src/random/index.ts";
import { predictStep } from "../../src/train/forward.ts";
import type { ModelRecord } from "../../src/train/model-record.ts";
import { batchInputs } from "../../src/train/trace.ts";
import { model as everyLayer } from "./every-layer.ts";
import { model as folding } from "./folding-model.ts";
import { openOnnx } from "./onnxruntime.ts";

type Expr = ops.Expr;

const recordOf = (shape: readonly number[], tokens: number | null): ModelRecord => ({
  format: "steepest.model/1",
  steepest: "0",
  name: "t",
  model: { module: "m.ts" },
  dtype: "float32",
  backend: "wasm",
  optimizer: { name: "sgd" },
  clip: null,
  loss: { name: "mse", options: {} },
  input:
    tokens === null
      ? { kind: "array", shape, scale: 1 }
      : {
          kind: "text",
          vocabulary: Array.from({ length: tokens }, (_, i) => String.fromCharCode(97 + i)),
          context: shape[0]!,
          predict: "every",
        },
  row: { shape, dtype: tokens === null ? "float" : "int32" },
  scaling: null,
  target: { kind: "number", shape: [1], classes: null },
  outputs: 1,
});

interface Case {
  readonly layer: nn.Layer;
  readonly shape: readonly number[];
  /** Ids below this number in place of real numbers. */
  readonly tokens?: number;
  readonly batches?: readonly number[];
}

/** The largest difference from the interpreter, and what was written. */
async function compare({
  layer,
  shape,
  tokens,
  batches = [1, 4, 13],
}: Case): Promise<{ error: number; written: OnnxExport }> {
  const draw = streamInit(stream(1, "weights"));
  const tensors = { ...initParams(layer, draw, "float32"), ...initBuffers(layer, draw, "float32") };
  const random = stream(2, "x");
  for (const [name, values] of Object.entries(tensors)) {
    // statistics as after some training
    if (name.endsWith("running_mean")) values.set(random.normal(values.length));
    if (name.endsWith("running_var")) values.set(random.uniform(values.length).map((u) => 0.5 + u));
  }
  const weights = Object.entries({ ...layer.params, ...layer.buffers }).map(([name, spec]) => ({
    name,
    shape: spec.shape,
    values: tensors[name]!,
  }));
  const written = exportOnnx({ layer, weights, record: recordOf(shape, tokens ?? null), classes: null });
  const opened = await openOnnx(written.bytes);
  const size = shape.reduce((p, d) => p * d, 1);
  let error = 0;
  for (const rows of batches) {
    const values =
      tokens === undefined
        ? Float32Array.from(random.normal(rows * size))
        : Int32Array.from(random.uniform(rows * size), (u) => Math.floor(u * tokens));
    const x = { shape: [rows, ...shape], ...(tokens !== undefined && { dtype: "int32" as const }) };
    const step = predictStep({ model: layer, optimizer: sgd({ lr: 1 }), backend: reference, batch: { x } });
    step.load(
      Object.keys(tensors).map((name) => ({
        name: `${name in layer.params ? "param" : "buffer"}.${name}`,
        values: tensors[name]!,
      })),
    );
    step.x.set(values);
    const want = step.run();
    const feed = values instanceof Float32Array ? values : BigInt64Array.from(values, BigInt);
    const { [opened.outputs[0]!]: got } = await opened.run({
      [opened.inputs[0]!]: { values: feed, shape: [rows, ...shape] },
    });
    expect(got!.dims).toEqual(step.shape);
    want.forEach((w, i) => {
      const d = Math.abs(Number(got!.data[i]) - w) / Math.max(1, Math.abs(w));
      if (!(d <= error)) error = d;
    });
  }
  return { error, written };
}

const of = (map: (x: Expr) => Expr): nn.Layer => nn.plainLayer(map);
const number = (x: Expr): Expr => ops.cast(x, "float32");
const whole = (x: Expr): Expr => ops.cast(ops.mul(x, 10), "int32");
const truth = (x: Expr): Expr => ops.lt(x, 0);
const away = (x: Expr): Expr => ops.add(ops.abs(x), 0.5);
const window = { sizes: [3, 2], strides: [2, 1], dilations: [1, 2] };

/** Each primitive at work on rows; the values are numbers again at the end. */
const primitive: { readonly [P in Exclude<Primitive, "input" | "random" | "matrixFunction">]: readonly [number[], (x: Expr) => Expr] } = {
  constant: [[3], (x) => ops.mul(x, ops.constant(Float32Array.of(1, -2, 3), { shape: [3] }))],
  iota: [[3], (x) => ops.add(number(ops.iota(x.shape, 0)), ops.mul(x, number(ops.iota(x.shape, 1))))],
  neg: [[5], (x) => ops.add(ops.neg(x), number(ops.neg(whole(x))))],
  exp: [[5], ops.exp],
  log: [[5], (x) => ops.log(away(x))],
  log1p: [[5], (x) => ops.log1p(ops.abs(x))],
  expm1: [[5], ops.expm1],
  sqrt: [[5], (x) => ops.sqrt(ops.abs(x))],
  rsqrt: [[5], (x) => ops.rsqrt(away(x))],
  sin: [[5], ops.sin],
  cos: [[5], ops.cos],
  tanh: [[5], ops.tanh],
  sigmoid: [[5], (x) => ops.sigmoid(ops.mul(x, 30))],
  erf: [[5], ops.erf],
  abs: [[5], (x) => ops.add(ops.abs(x), number(ops.abs(whole(x))))],
  sign: [[5], (x) => ops.add(ops.sign(x), number(ops.sign(whole(x))))],
  floor: [[5], (x) => ops.floor(ops.mul(x, 4))],
  not: [[5], (x) => number(ops.not(truth(x)))],
  cast: [[5], (x) => ops.add(number(ops.cast(ops.floor(x), "bool")), number(ops.cast(ops.mul(x, 4), "int32")))],
  stopGradient: [[5], ops.stopGradient],
  add: [[5], (x) => ops.add(x, number(ops.add(whole(x), 3)))],
  sub: [[5], (x) => ops.sub(1, ops.sub(x, number(ops.sub(whole(x), 3))))],
  mul: [[5], (x) => ops.mul(x, number(ops.mul(whole(x), whole(x))))],
  div: [[5], (x) => ops.add(ops.div(x, away(x)), number(ops.div(whole(x), ops.cast(ops.mul(x, 2), "int32"))))],
  pow: [[5], (x) => ops.pow(away(x), 1.5)],
  max: [[5], (x) => ops.max(x, number(ops.max(whole(x), 2)))],
  min: [[5], (x) => ops.min(x, number(ops.min(whole(x), 2)))],
  eq: [[5], (x) => number(ops.or(ops.eq(whole(x), 0), ops.eq(truth(x), ops.lt(x, 1))))],
  lt: [[5], (x) => number(ops.or(ops.lt(x, -1), ops.and(ops.lt(whole(x), 3), ops.lt(truth(x), ops.gt(x, 1)))))],
  le: [[5], (x) => number(ops.or(ops.le(x, -1), ops.and(ops.le(whole(x), 3), ops.le(truth(x), ops.gt(x, 1)))))],
  and: [[5], (x) => number(ops.and(truth(x), ops.gt(x, -1)))],
  or: [[5], (x) => number(ops.or(truth(x), ops.gt(x, 1)))],
  withGradient: [[5], (x) => ops.withGradient(ops.floor(x), x, ops.onesLike(x))],
  select: [[5], (x) => ops.select(ops.select(truth(x), ops.gt(x, -1), ops.gt(x, 1)), x, ops.mul(x, 3))],
  reduceSum: [[3, 4], (x) => ops.add(ops.sum(x, { axes: [1, 2], keepDims: true }), number(ops.sum(whole(x), { axes: 1, keepDims: true })))],
  reduceMax: [[3, 4], (x) => ops.add(ops.amax(x, { axes: 2, keepDims: true }), number(ops.amax(whole(x), { axes: [1, 2], keepDims: true })))],
  reduceMin: [[3, 4], (x) => ops.amin(x, { axes: [1, 2] })],
  argmax: [[3, 4], (x) => ops.add(number(ops.argmax(x, 1)), number(ops.argmax(ops.permute(x, [0, 2, 1]), 2)))],
  matmul: [[4, 4], (x) => ops.add(ops.matmul(x, x), ops.add(ops.matmul(x, x, { transposeA: true }), ops.matmul(x, x, { transposeA: true, transposeB: true })))],
  reshape: [[3, 4], (x) => ops.reshape(ops.reshape(x, [x.shape[0]! * 3, 4]), [x.shape[0]!, 2, 6])],
  permute: [[3, 4], (x) => ops.permute(x, [2, 0, 1])],
  broadcast: [[3], (x) => ops.broadcastTo(ops.reshape(x, [x.shape[0]!, 1, 3]), [x.shape[0]!, 4, 3])],
  slice: [[5, 7], (x) => ops.slice(x, [0, 1, 0], [x.shape[0]!, 5, 7], [1, 2, 3])],
  pad: [[3, 4], (x) => ops.pad(x, [0, 1, 2], [0, 3, 0], { steps: [1, 2, 3], value: -1 })],
  concat: [[3, 4], (x) => ops.concat([x, ops.mul(x, 2), ops.zeros([x.shape[0]!, 3, 1])], 2)],
  gather: [[5], (x) => ops.gather(ops.constant(Float32Array.from({ length: 12 }, (_, i) => i * i), { shape: [6, 2] }), whole(x))],
  scatterAdd: [[5], (x) => ops.add(ops.sum(x), ops.scatterAdd(whole(x), ops.exp(x), 4))],
  windows: [[2, 6, 7], (x) => ops.windows(x, window)],
  foldWindows: [[2, 6, 7], (x) => ops.foldWindows(ops.exp(ops.windows(x, window)), [6, 7], window)],
}; // biome-ignore format: one primitive a line

describe("every primitive that a forward pass may hold", () => {
  test.each(Object.entries(primitive))("%s", async (name, [shape, map]) => {
    const x = batchInputs({ x: [2, ...shape] }, "float32")["x"]!;
    expect(ops.topologicalOrder([map(x)]).map((e) => e.op)).toContain(name);
    const { error } = await compare({ layer: of(map), shape });
    expect(error).toBeLessThan(2e-6);
  });

  test("the list is complete", () => {
    expect([...Object.keys(primitive), "input", "matrixFunction", "random"].sort()).toEqual(
      Object.keys(primitives).sort(),
    );
  });
});

const image = [2, 9, 8];
const layers: readonly (readonly [string, Case, readonly string[]])[] = [
  ["linear", { layer: nn.linear(3, 2), shape: [3] }, ["Gemm"]],
  ["linear without bias, on sequences", { layer: nn.linear(3, 2, { bias: false }), shape: [5, 3] }, ["Gemm"]],
  ["conv2d", { layer: nn.conv2d(2, 4, 3), shape: image }, ["Conv"]],
  ["conv2d, grouped", { layer: nn.conv2d(2, 4, [3, 2], { stride: [2, 1], padding: [1, 0], groups: 2, dilation: [1, 2], bias: false }), shape: image }, ["Conv"]],
  ["conv2d of even windows, same size", { layer: nn.conv2d(2, 3, 2, { padding: "same" }), shape: image }, ["Conv"]],
  ["maxPool2d", { layer: nn.maxPool2d(2), shape: image }, ["MaxPool"]],
  ["maxPool2d of one row", { layer: nn.maxPool2d([1, 2]), shape: image }, ["MaxPool"]],
  ["maxPool2d, overlapping and padded", { layer: nn.maxPool2d(3, { stride: 2, padding: 1 }), shape: image }, ["MaxPool"]],
  ["avgPool2d", { layer: nn.avgPool2d(2), shape: image }, ["AveragePool"]],
  ["avgPool2d, overlapping and padded", { layer: nn.avgPool2d(3, { stride: 2, padding: 1 }), shape: image }, ["AveragePool"]],
  ["globalAvgPool2d", { layer: nn.globalAvgPool2d(), shape: image }, ["ReduceMean"]],
  ["batchNorm of images", { layer: nn.batchNorm(2), shape: image }, ["BatchNormalization"]],
  ["batchNorm of features", { layer: nn.batchNorm(5), shape: [5] }, ["BatchNormalization"]],
  ["batchNorm without weights", { layer: nn.batchNorm(2, { affine: false }), shape: image }, []],
  ["layerNorm", { layer: nn.layerNorm([3, 4]), shape: [2, 3, 4] }, ["ReduceMean"]],
  ["rmsNorm", { layer: nn.rmsNorm(4), shape: [3, 4] }, ["ReduceMean"]],
  ["dropout", { layer: nn.dropout(0.5), shape: [3] }, []],
  ["softmax", { layer: nn.softmax(), shape: [3, 4] }, ["Softmax"]],
  ["softmax along another axis", { layer: nn.softmax({ axis: 1 }), shape: [3, 4] }, ["Softmax"]],
  ["logSoftmax", { layer: nn.logSoftmax(), shape: [3, 4] }, ["LogSoftmax"]],
  ["embedding", { layer: nn.embedding(7, 3), shape: [4], tokens: 7 }, ["Gather"]],
  ["gru", { layer: nn.gru(3, 4, { layers: 2 }), shape: [5, 3] }, ["Gemm", "Tanh"]],
  ["gru, last state", { layer: nn.gru(3, 4, { output: "last" }), shape: [5, 3] }, ["Gemm", "Tanh"]],
  ["multiHeadAttention", { layer: nn.multiHeadAttention(6, 2), shape: [5, 6] }, ["Softmax"]],
  ["multiHeadAttention, causal", { layer: nn.multiHeadAttention(6, 3, { causal: true }), shape: [5, 6] }, ["Softmax"]],
  ["transformer", { layer: nn.gpt({ vocabulary: 11, context: 6, layers: 2, width: 8, heads: 2 }), shape: [6], tokens: 11 }, ["Softmax", "Gather"]],
  ["transformer, tied, the next", { layer: nn.gpt({ vocabulary: 11, context: 6, layers: 1, width: 8, heads: 2, tied: true, predict: "next" }), shape: [6], tokens: 11 }, ["Softmax"]],
  ["one of each", { layer: everyLayer({ outputs: 3 }), shape: [2, 8, 8] }, ["Conv", "AveragePool", "MaxPool", "BatchNormalization", "Softmax"]],
  ["windows added up", { layer: folding({ inputShape: [6], outputs: 2 }), shape: [6] }, ["Gemm"]],
  ...nn.activations.map(({ name, make }) => [name, { layer: make(), shape: [31] }, name === "relu" ? ["Relu"] : name === "leaky-relu" ? ["LeakyRelu"] : []] as const),
]; // biome-ignore format: one layer a line

describe("every layer, as the operators that ONNX has for it", () => {
  test.each(layers)("%s", async (_, one, operators) => {
    const { error, written } = await compare(one);
    expect(error).toBeLessThan(1e-5);
    expect(written.operators).toEqual(expect.arrayContaining([...operators]));
  });

  test("a convolutional model is as short as written by hand", async () => {
    const layer = nn.buildModel(
      { kind: "cnn", channels: [4, 6], batchNorm: true, hidden: [8] },
      { inputShape: [1, 8, 8], outputs: 3 },
    );
    const { error, written } = await compare({ layer, shape: [1, 8, 8] });
    expect(error).toBeLessThan(1e-5);
    const block = ["Conv", "BatchNormalization", "Relu", "MaxPool"];
    expect(written.operators).toEqual([...block, ...block, "Reshape", "Gemm", "Relu", "Gemm", "Identity"]);
  });

  test("sizes may follow the number of rows", async () => {
    const layer = of((x) => {
      const n = x.shape[0]!;
      const centred = ops.sub(x, ops.mean(x, { axes: 0, keepDims: true }));
      const counted = ops.mul(ops.cast(ops.iota([n, 1], 0), "float32"), n / (n - 1));
      const product = ops.matmul(ops.matmul(centred, centred, { transposeB: true }), x);
      return ops.add(ops.mul(product, 1 / (2 * n)), counted);
    });
    expect((await compare({ layer, shape: [3], batches: [2, 5, 9] })).error).toBeLessThan(1e-5);
  });
});

describe("what can't be written says where", () => {
  const refused = (layer: nn.Layer, shape: readonly number[]): (() => unknown) => {
    const weights = Object.entries(layer.params).map(([name, spec]) => ({
      name,
      shape: spec.shape,
      values: new Float32Array(ops.sizeOf(spec.shape)),
    }));
    return () => exportOnnx({ layer, weights, record: recordOf(shape, null), classes: null });
  };
  const draws = of((x) => {
    const word = ops.constant(1, { dtype: "int32" });
    return ops.add(x, ops.random("normal", x.shape, { key: [word, word] }));
  });

  test("random numbers, with the layer before them", () => {
    const layer = nn.sequential(nn.linear(3, 3), draws);
    expect(refused(layer, [3])).toThrow(
      expect.objectContaining({ id: "handoff-operation", where: expect.stringContaining("after 0.bias") }),
    );
  });

  test("windows over the rows", () => {
    const layer = of((x) => ops.windows(x, { sizes: [2, 2] }));
    expect(refused(layer, [3])).toThrow(expect.objectContaining({ id: "handoff-batch" }));
  });
});
