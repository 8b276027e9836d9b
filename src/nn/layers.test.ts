// Expected values: test/golden/nn.json, written by PyTorch 1.13 in float64 (test/golden/make_nn.py).
import { describe, expect, test } from "vitest";
import golden from "../../test/golden/nn.json" with { type: "json" };
import { backends, type GoldenTensor, valuesOn } from "../../test/nn/values.ts";
import { type DType, type Expr, input, mul, sum } from "../engine/graph/index.ts";
import { gradients } from "../engine/rules/differentiate.ts";
import { activations } from "./activations.ts";
import {
  avgPool2d,
  batchNorm,
  conv2d,
  embedding,
  globalAvgPool2d,
  gpt,
  gru,
  type Layer,
  layerNorm,
  linear,
  logSoftmax,
  maxPool2d,
  multiHeadAttention,
  relu,
  rmsNorm,
  sequential,
  softmax,
  softplus,
  tanh,
  transformerBlock,
} from "./index.ts";

interface LayerCase {
  readonly name: string;
  readonly training: boolean;
  readonly params: Readonly<Record<string, GoldenTensor>>;
  readonly buffers: Readonly<Record<string, GoldenTensor>>;
  readonly input: GoldenTensor;
  readonly cotangent: GoldenTensor;
  readonly output: GoldenTensor;
  readonly gradients: Readonly<Record<string, GoldenTensor>>;
  readonly newBuffers: Readonly<Record<string, GoldenTensor>>;
  readonly inputGradient?: GoldenTensor;
}

const layers: Readonly<Record<string, Layer>> = {
  linear: linear(3, 4),
  "linear on [N, T, in]": linear(3, 2),
  "linear without bias": linear(3, 2, { bias: false }),
  mlp: sequential(linear(3, 5), tanh(), linear(5, 4), relu(), linear(4, 2)),
  ...Object.fromEntries(activations.map((a) => [`activation ${a.name}`, a.make()])),
  "softplus beta 2": softplus({ beta: 2 }),
  softmax: softmax(),
  "logSoftmax axis 1": logSoftmax({ axis: 1 }),
  conv2d: conv2d(2, 3, 3),
  "conv2d stride 2 padding 1": conv2d(2, 3, 3, { stride: 2, padding: 1 }),
  "conv2d dilation 2 no bias": conv2d(1, 2, 2, { dilation: 2, bias: false }),
  "conv2d groups 2 kernel 2x3": conv2d(4, 6, [2, 3], { groups: 2, padding: [0, 1] }),
  "conv2d depthwise": conv2d(3, 3, 2, { groups: 3 }),
  "conv2d same, even kernel": conv2d(1, 2, 4, { padding: "same" }),
  "maxPool2d 2": maxPool2d(2),
  "maxPool2d ties, 3 stride 2 padding 1": maxPool2d(3, { stride: 2, padding: 1 }),
  "avgPool2d 3 stride 2 padding 1": avgPool2d(3, { stride: 2, padding: 1 }),
  globalAvgPool2d: globalAvgPool2d(),
  embedding: embedding(5, 3),
  layerNorm: layerNorm(4),
  "layerNorm two axes eps 0.1": layerNorm([3, 4], { eps: 0.1 }),
  "layerNorm without affine": layerNorm(4, { affine: false }),
  rmsNorm: rmsNorm(4),
  "rmsNorm eps 0.1": rmsNorm(4, { eps: 0.1 }),
  "batchNorm [N, C]": batchNorm(3),
  "batchNorm [N, C] evaluating": batchNorm(3),
  "batchNorm images, momentum 0.3": batchNorm(2, { momentum: 0.3 }),
  multiHeadAttention: multiHeadAttention(4, 2),
  "multiHeadAttention causal": multiHeadAttention(6, 3, { causal: true }),
  "multiHeadAttention no bias": multiHeadAttention(4, 1, { bias: false }),
  transformerBlock: transformerBlock(4, 2, { feedForward: 6, causal: true }),
  gru: gru(2, 3),
  "gru 2 layers, last": gru(2, 3, { layers: 2, output: "last" }),
  "gru no bias": gru(2, 2, { bias: false }),
  gpt: gpt({ vocabulary: 5, context: 4, layers: 2, width: 4, heads: 2 }),
};

/** Largest difference, relative to the tensor's largest entry (1 at least). */
const distance = (actual: ArrayLike<number>, wanted: GoldenTensor): number => {
  expect(actual.length).toBe(wanted.data.length);
  const scale = Math.max(1, ...wanted.data.map(Math.abs));
  return Math.max(0, ...wanted.data.map((w, i) => Math.abs(actual[i]! - w))) / scale;
};

const leaf = (name: string, t: GoldenTensor, given: Map<Expr, ArrayLike<number>>): Expr => {
  const e = input(name, t.shape, t.dtype as DType);
  given.set(e, t.data);
  return e;
};

const cases = golden.layers as unknown as readonly LayerCase[];

describe.each(backends.map((b) => [b.name, b] as const))(
  "layers on %s agree with PyTorch to 1e-10",
  (_, backend) => {
    test("every golden case has its layer and every layer its case", () => {
      expect(Object.keys(layers).sort()).toEqual(cases.map((c) => c.name).sort());
    });

    test.each(cases.map((c) => [c.name, c] as const))("%s", (name, c) => {
      const model = layers[name]!;
      expect(Object.entries(model.params).map(([n, s]) => [n, s.shape])).toEqual(
        Object.entries(c.params).map(([n, t]) => [n, t.shape]),
      );
      const given = new Map<Expr, ArrayLike<number>>();
      const tensors = Object.fromEntries(
        Object.entries({ ...c.params, ...c.buffers }).map(([n, t]) => [n, leaf(n, t, given)]),
      );
      const x = leaf("x", c.input, given);
      const { output, buffers } = model.forward(tensors, x, { training: c.training });
      expect(output.shape).toEqual(c.output.shape);
      const names = Object.keys(c.params);
      const loss = sum(mul(output, leaf("cotangent", c.cotangent, given)));
      const wrt = [...names.map((n) => tensors[n]!), ...(c.inputGradient ? [x] : [])];
      const bufferNames = Object.keys(buffers);
      const roots = [output, ...gradients(loss, wrt), ...bufferNames.map((n) => buffers[n]!)];
      const values = valuesOn(backend, roots, given);
      expect(distance(values[0]!, c.output)).toBeLessThan(1e-10);
      names.forEach((n, i) => {
        expect(distance(values[1 + i]!, c.gradients[n]!), `gradient of ${n}`).toBeLessThan(1e-10);
      });
      if (c.inputGradient)
        expect(distance(values[1 + names.length]!, c.inputGradient), "gradient of x").toBeLessThan(1e-10);
      if (c.training) expect([...bufferNames].sort()).toEqual(Object.keys(c.newBuffers).sort());
      bufferNames.forEach((n, i) => {
        expect(distance(values[1 + wrt.length + i]!, c.newBuffers[n]!), `buffer ${n}`).toBeLessThan(1e-10);
      });
    });
  },
);
