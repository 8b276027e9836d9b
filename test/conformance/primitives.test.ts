import { describe, expect, test } from "vitest";
import { withBlas, writers } from "./backends.ts";
import { castCases, hostCases, longSum, longSumTolerance, primitiveCases, wholeCases } from "./cases.ts";
import { agree, runOn } from "./harness.ts";

const backends = [...writers, ...withBlas()];

describe.each(backends)("$name", (backend) => {
  describe.each(["float32", "float64"] as const)("%s", (dtype) => {
    const cases = { ...primitiveCases(dtype), ...castCases(dtype), ...hostCases(dtype) };
    test.each(Object.entries(cases))("%s", (_, list) => {
      for (const { given, build, options } of list) agree(backend, given, build, options);
    });

    test("a sum of a million terms is off by less than 1e-6 (float32), 1e-13 (float64)", () => {
      const { given, build } = longSum(dtype);
      const { got } = runOn(backend, given, build);
      const tenth = dtype === "float32" ? Math.fround(0.1) : 0.1;
      expect(Math.abs(got[0]![0]! / (tenth * given[0]!.values.length) - 1)).toBeLessThan(
        longSumTolerance(dtype),
      );
    });
  });

  test.each(Object.entries(wholeCases))("%s", (_, list) => {
    for (const { given, build } of list) agree(backend, given, build);
  });
});
