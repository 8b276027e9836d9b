// Expected losses: test/golden/transformer.json, 50 AdamW steps of PyTorch 1.13 on test/golden/text.txt from the same
// weights, in float64 and in float32 (test/golden/make_nn.py).
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Backend } from "../../src/engine/backend.ts";
import { reference } from "../../src/engine/backends/reference.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import type { ParamDType } from "../../src/nn/index.ts";
import { furthest, golden, goldenBatch, goldenStep } from "./golden-transformer.ts";

const { vocabulary, steps: goldenSteps } = golden.model;
const text = readFileSync(new URL("../golden/text.txt", import.meta.url), "utf8");

function lossCurve(backend: Backend, dtype: ParamDType, steps: number): number[] {
  const step = goldenStep(backend, dtype);
  return Array.from({ length: steps }, (_, k) => step(goldenBatch(text, k)).loss);
}

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
