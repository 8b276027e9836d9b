import { describe, expect, test } from "vitest";
import { input } from "../engine/graph/index.ts";
import { type BuiltModel, buildModel, type Layer, type ModelSizes } from "./index.ts";

const shapes = (model: Layer): Record<string, readonly number[]> =>
  Object.fromEntries(Object.entries(model.params).map(([name, { shape }]) => [name, shape]));

function outputShape(
  model: Layer,
  x: readonly number[],
  dtype: "float32" | "int32" = "float32",
): readonly number[] {
  const tensors = Object.fromEntries(
    Object.entries({ ...model.params, ...model.buffers }).map(([n, s]) => [n, input(n, s.shape)]),
  );
  return model.forward(tensors, input("x", x, dtype), { training: false }).output.shape;
}

describe("models of run files", () => {
  test("linear flattens examples of several axes", () => {
    const model = buildModel({ kind: "linear", bias: false }, { inputShape: [2, 3], outputs: 4 });
    expect(shapes(model)).toEqual({ "1.weight": [4, 6] });
    expect(outputShape(model, [5, 2, 3])).toEqual([5, 4]);
  });

  test("mlp: a linear layer and an activation per hidden size, dropout where asked for", () => {
    const model = buildModel(
      { kind: "mlp", hidden: [8, 5], activation: "gelu", dropout: 0.1 },
      { inputShape: [3], outputs: 2 },
    );
    expect(Object.keys(shapes(model))).toEqual(["0", "3", "6"].flatMap((n) => [`${n}.weight`, `${n}.bias`]));
    expect(model.keys).toBe(2);
    expect(outputShape(model, [7, 3])).toEqual([7, 2]);
  });

  test("cnn: flat rows become images, each entry of channels halves the side", () => {
    const model = buildModel(
      { kind: "cnn", channels: [4, 6], image: [1, 28, 28], hidden: [10], batchNorm: true },
      { inputShape: [784], outputs: 10 },
    );
    expect(shapes(model)).toMatchObject({ "1.weight": [4, 1, 3, 3], "10.weight": [10, 6 * 7 * 7] });
    expect(outputShape(model, [2, 784])).toEqual([2, 10]);
  });

  test("cnn: odd sides round down, images need no reshaping", () => {
    const model = buildModel({ kind: "cnn", channels: [2, 2] }, { inputShape: [3, 7, 11], outputs: 4 });
    expect(outputShape(model, [2, 3, 7, 11])).toEqual([2, 4]);
  });

  test("transformer: vocabulary and context come from the data; tied weights are not stored twice", () => {
    const spec = { kind: "transformer", layers: 1, width: 8, heads: 2 } as const;
    const sizes = { inputShape: [6], outputs: 11 };
    expect(outputShape(buildModel(spec, sizes), [3, 6], "int32")).toEqual([3, 6, 11]);
    const tied = buildModel({ ...spec, tied: true, predict: "next" }, sizes);
    expect(Object.keys(tied.params)).not.toContain("head.weight");
    expect(outputShape(tied, [3, 6], "int32")).toEqual([3, 11]);
  });

  test.each<[BuiltModel, ModelSizes, RegExp]>([
    [
      { kind: "mlp", hidden: [0] },
      { inputShape: [3], outputs: 1 },
      /out must be a whole number of at least 1, not 0/,
    ],
    [
      { kind: "mlp", hidden: [2], activation: "rleu" },
      { inputShape: [3], outputs: 1 },
      /no activation is called "rleu"/,
    ],
    [
      { kind: "mlp", hidden: [2], dropout: 1.5 },
      { inputShape: [3], outputs: 1 },
      /p must lie between 0 and 1, not 1.5/,
    ],
    [
      { kind: "cnn", channels: [4] },
      { inputShape: [784], outputs: 1 },
      /examples of shape \[784\] are not images/,
    ],
    [
      { kind: "cnn", channels: [4], image: [1, 27, 28] },
      { inputShape: [784], outputs: 1 },
      /not images \[1, 27, 28\]/,
    ],
    [
      { kind: "cnn", channels: [4, 4, 4] },
      { inputShape: [4, 4], outputs: 1 },
      /after 2 poolings the image is 1×1/,
    ],
    [
      { kind: "transformer", layers: 1, width: 8, heads: 3 },
      { inputShape: [4], outputs: 5 },
      /width 8 does not divide into 3 heads/,
    ],
    [
      { kind: "transformer", layers: 1, width: 8, heads: 2, context: 3 },
      { inputShape: [4], outputs: 5 },
      /context 3 is shorter than the data's rows of 4/,
    ],
    [
      { kind: "transformer", layers: 1, width: 8, heads: 2 },
      { inputShape: [4, 4], outputs: 5 },
      /needs rows of tokens/,
    ],
  ])("refuses %j", (spec, sizes, message) => {
    expect(() => buildModel(spec, sizes)).toThrow(message);
  });
});

describe("layers refuse tensors that do not fit", () => {
  test.each<[string, BuiltModel, ModelSizes, readonly number[], RegExp]>([
    [
      "cnn",
      { kind: "cnn", channels: [4] },
      { inputShape: [1, 8, 8], outputs: 1 },
      [2, 3, 8, 8],
      /needs images \[N, 1, H, W\], got \[2, 3, 8, 8\]/,
    ],
    [
      "transformer, floats",
      { kind: "transformer", layers: 1, width: 4, heads: 1 },
      { inputShape: [4], outputs: 5 },
      [2, 4],
      /needs int32 indices, got float32/,
    ],
    [
      "transformer, too long",
      { kind: "transformer", layers: 1, width: 4, heads: 1 },
      { inputShape: [4], outputs: 5 },
      [2, 9],
      /needs tokens \[N, up to 4\], got \[2, 9\]/,
    ],
  ])("%s", (_, spec, sizes, x, message) => {
    expect(() => outputShape(buildModel(spec, sizes), x)).toThrow(message);
  });
});
