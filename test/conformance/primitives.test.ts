import { describe, expect, test } from "vitest";
import { withBlas, writers } from "./backends.ts";
import {
  type Case,
  castCases,
  hostCases,
  longSum,
  longSumTolerance,
  primitiveCases,
  wholeCases,
} from "./cases.ts";
import { agree, runOn } from "./harness.ts";
import { agreeTogether } from "./together.ts";

const backends = [...writers, ...withBlas()];

describe.each(backends)("$name", (backend) => {
  const all = (list: readonly Case[]): void => {
    if (backend.name.startsWith("native")) agreeTogether(backend, list);
    else for (const { given, build, options } of list) agree(backend, given, build, options);
  };

  describe.each(["float32", "float64"] as const)("%s", (dtype) => {
    const cases = { ...primitiveCases(dtype), ...castCases(dtype), ...hostCases(dtype) };
    test.each(Object.entries(cases))("%s", (_, list) => all(list));

    test("a sum of a million terms is off by less than 1e-6 (float32), 1e-13 (float64)", () => {
      const { given, build } = longSum(dtype);
      const { got } = runOn(backend, given, build);
      const tenth = dtype === "float32" ? Math.fround(0.1) : 0.1;
      expect(Math.abs(got[0]![0]! / (tenth * given[0]!.values.length) - 1)).toBeLessThan(
        longSumTolerance(dtype),
      );
    });
  });

  test.each(Object.entries(wholeCases))("%s", (_, list) => all(list));
});
