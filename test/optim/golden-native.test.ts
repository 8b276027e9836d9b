/** One recorded path of each optimizer on the native backend: every program starts a compiler, so not all of them. */
import { describe, expect, test } from "vitest";
import { nativeBackend } from "../../src/engine/backends/node-native.ts";
import { hasCompiler } from "../conformance/backends.ts";
import { cases2026, isQuirk, moreCases, optimizerCases, runCase, toleranceOf } from "./golden.ts";

const cases = [...optimizerCases.filter((c) => !isQuirk(c)), ...moreCases, ...cases2026];
const first = [...new Map([...cases].reverse().map((c) => [c.optimizer, c])).values()];

describe.runIf(hasCompiler).for(["float64", "float32"] as const)(
  "golden paths on native code, %s",
  (dtype) => {
    test.for(first)("$id", (c) => {
      const found = runCase(c, nativeBackend(), dtype);
      expect(found.length).toBeGreaterThanOrEqual(c.at.length);
      for (const { error, what, step } of found)
        expect(error, `${what} after step ${step}`).toBeLessThanOrEqual(toleranceOf(c, step, dtype));
    });
  },
);
