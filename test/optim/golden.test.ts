import { describe, expect, test } from "vitest";
import { reference } from "../../src/engine/backends/reference.ts";
import { requireFinite } from "../../src/optim/index.ts";
import {
  cases2026,
  clipCases,
  flat,
  isQuirk,
  moreCases,
  optimizerCases,
  runCase,
  runClip,
  toleranceOf,
} from "./golden.ts";

describe("optimizers.json and optimizers-more.json on the reference backend, float64", () => {
  test("has all 422 cases, two of them a recorded bug that is no target", () => {
    expect(optimizerCases).toHaveLength(422);
    expect(optimizerCases.filter(isQuirk)).toHaveLength(2);
  });
  test("has all cases of 2026", () => expect(cases2026).toHaveLength(344));
  test.for([...optimizerCases.filter((c) => !isQuirk(c)), ...moreCases, ...cases2026])("$id", (c) => {
    const found = runCase(c, reference, "float64");
    expect(found.length).toBeGreaterThanOrEqual(c.at.length);
    for (const { error, what, step } of found) {
      expect(error, `${what} after step ${step}`).toBeLessThanOrEqual(toleranceOf(c, step, "float64"));
    }
  });
});

describe("clip.json on the reference backend, float64", () => {
  test("has all 92 cases", () => expect(clipCases).toHaveLength(92));
  test.for(clipCases)("$id", (c) => {
    const { clipped, measured, errorIfNonfinite } = runClip(c, reference, "float64");
    c.clipped.forEach((want, i) => {
      expectClose(clipped[i]!, flat(want));
    });
    if (c.total_norm !== undefined) expectClose([measured["gradNorm"]!], [Number(c.total_norm)]);
    if (c.error_if_nonfinite_raises) {
      expect(errorIfNonfinite).toBe(true);
      expect(() => requireFinite(measured["nonFinite"]!, 1)).toThrow("NaN or infinite, at step 1");
    }
  });
});

/** 1e-12 relative, NaN and infinities exactly. */
function expectClose(got: readonly number[], want: readonly number[]): void {
  expect(got).toHaveLength(want.length);
  want.forEach((w, i) => {
    if (!Number.isFinite(w) || w === 0) expect(got[i]! + 0).toBe(w + 0);
    else expect(Math.abs(got[i]! - w)).toBeLessThanOrEqual(1e-12 * Math.abs(w));
  });
}
