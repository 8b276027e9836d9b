import { describe, expect, it } from "vitest";
import { interpret } from "../engine/backends/reference.ts";
import { constant, input, mean } from "../engine/graph/index.ts";
import { gradients } from "../engine/rules/differentiate.ts";
import { stream, torchGenerator } from "../random/index.ts";
import golden from "../../test/golden/random.json" with { type: "json" };
import { initParams, linear, losses, paramSpecs, relu, sequential, streamInit, torchInit } from "./index.ts";

describe("composition", () => {
  const model = sequential(linear(4, 3), relu(), linear(3, 2, { bias: false }));

  it("names tensors like PyTorch's Sequential", () => {
    expect(paramSpecs(model).map((p) => [p.name, p.shape])).toEqual([
      ["0.weight", [3, 4]],
      ["0.bias", [3]],
      ["2.weight", [2, 3]],
    ]);
  });

  it("draws within PyTorch's bounds and keeps the dtype", () => {
    const values = initParams(model, streamInit(stream(1, "init")), "float32");
    expect(values["0.weight"]).toBeInstanceOf(Float32Array);
    expect(Math.max(...values["0.weight"]!.map(Math.abs))).toBeLessThanOrEqual(0.5);
    expect(new Set(values["0.weight"]).size).toBe(12);
  });
});
