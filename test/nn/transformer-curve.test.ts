// Expected losses: test/golden/transformer.json, 50 AdamW steps of PyTorch 1.13 on test/golden/text.txt from the same
// weights, in float64 and in float32 (test/golden/make_nn.py).
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Backend } from "../../src/engine/backend.ts";
import { reference } from "../../src/engine/backends/reference.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import { gpt, type ParamDType, type ParamSpecs } from "../../src/nn/index.ts";
import * as losses from "../../src/nn/losses/index.ts";
import { adamw } from "../../src/optim/index.ts";
import { trainStep } from "../../src/train/program.ts";
import golden from "../golden/transformer.json" with { type: "json" };

const { vocabulary, context, layers, width, heads, batch: rows, steps: goldenSteps } = golden.model;
const text = readFileSync(new URL("../golden/text.txt", import.meta.url), "utf8");
const tokens = Array.from(text, (c) => golden.alphabet.indexOf(c));

/** The weights of the golden run, by the rule its file states. */
function goldenWeights(params: ParamSpecs): ParamSpecs {
  let s = 12345;
  return Object.fromEntries(
    Object.entries(params).map(([name, { shape }]) => {
      const start = name.includes("norm") && name.endsWith("weight") ? 1 : 0;
      const init = (): Float64Array =>
        new Float64Array(shape.reduce((n, d) => n * d, 1)).map(() => {
          s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
          return (s / 2 ** 32 - 0.5) * 0.125 + start;
        });
      return [name, { shape, init }];
    }),
  );
}

function lossCurve(backend: Backend, dtype: ParamDType, steps: number): number[] {
  const model = gpt({ vocabulary, context, layers, width, heads });
  const { lr, betas, eps, weightDecay } = golden.optimizer;
  const step = trainStep({
    model: { ...model, params: goldenWeights(model.params) },
    loss: (output, batch) => losses.softmaxCrossEntropy(output, batch["y"]!),
    optimizer: adamw({ lr, betas: betas as [number, number], eps, weightDecay }),
    batch: {
      x: { shape: [rows, context], dtype: "int32" },
      y: { shape: [rows, context], dtype: "int32" },
    },
    dtype,
    backend,
  });
  return Array.from({ length: steps }, (_, k) => {
    const starts = Array.from({ length: rows }, (_, b) => (37 * (rows * k + b)) % (tokens.length - context));
    const windows = (shift: number): number[] =>
      starts.flatMap((at) => tokens.slice(at + shift, at + shift + context));
    return step({ x: windows(0), y: windows(1) }).loss;
  });
}

const furthest = (actual: readonly number[], wanted: readonly number[]): number =>
  Math.max(...actual.map((a, i) => Math.abs(a - wanted[i]!) / wanted[i]!));

interface Run {
  readonly backend: Backend;
  readonly dtype: ParamDType;
  readonly steps: number;
  /** Largest relative difference of a loss. */
  readonly within: number;
}
const runs: readonly Run[] = [
  { backend: reference, dtype: "float64", steps: 3, within: 1e-14 },
  { backend: wasm, dtype: "float64", steps: goldenSteps, within: 1e-13 },
  { backend: wasm, dtype: "float32", steps: goldenSteps, within: 3e-6 },
];

describe("a small transformer's loss curve is PyTorch's", () => {
  test.each(runs.map((r) => [r.backend.name, r.dtype, r.steps, r.within, r.backend] as const))(
    "%s, %s: %i steps to %d",
    (_, dtype, steps, within, backend) => {
      const wanted = dtype === "float64" ? golden.losses_f64 : golden.losses_f32;
      expect(furthest(lossCurve(backend, dtype, steps), wanted)).toBeLessThan(within);
    },
  );

  test("the curve falls: from chance, 3.6 = log 37, below 2.5", () => {
    expect(golden.losses_f64[0]).toBeCloseTo(Math.log(vocabulary), 1);
    expect(golden.losses_f64[goldenSteps - 1]).toBeLessThan(2.5);
  });
});
