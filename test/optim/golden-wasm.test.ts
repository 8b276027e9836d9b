import { describe, expect, test } from "vitest";
import { wasm } from "../../src/engine/backends/wasm.ts";
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

/** float32 has no 1e200: there the norm and the entries are infinite, as in PyTorch's own float32. */
const fits = (dtype: "float32" | "float64", id: string): boolean =>
  dtype === "float64" || !id.includes("/huge/");

describe.for(["float64", "float32"] as const)("golden paths on the wasm backend, %s", (dtype) => {
  test.for([...optimizerCases.filter((c) => !isQuirk(c)), ...moreCases, ...cases2026])("$id", (c) => {
    const found = runCase(c, wasm, dtype);
    expect(found.length).toBeGreaterThanOrEqual(c.at.length);
    for (const { error, what, step } of found) {
      expect(error, `${what} after step ${step}`).toBeLessThanOrEqual(toleranceOf(c, step, dtype));
    }
  });
  test.for(clipCases.filter((c) => fits(dtype, c.id)))("$id", (c) => {
    const { clipped } = runClip(c, wasm, dtype);
    c.clipped.forEach((want, i) => {
      flat(want).forEach((w, j) => {
        const got = clipped[i]![j]!;
        if (Number.isNaN(w)) expect(got).toBeNaN();
        else
          expect(Math.abs(got - w)).toBeLessThanOrEqual((dtype === "float64" ? 1e-12 : 1e-6) * Math.abs(w));
      });
    });
  });
});
