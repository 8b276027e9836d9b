import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gradient, rules } from "./other-tools.ts";

interface Case {
  readonly lrs: number[];
  readonly losses: (number | null)[];
  readonly chosen: Record<string, number>;
}

/** test/golden/make_rules.py: NumPy and PyTorch do the arithmetic. */
const cases = JSON.parse(
  readFileSync(new URL("../../../test/golden/rules.json", import.meta.url), "utf8"),
) as Case[];

describe.each(rules)("$title", ({ id, choose }) => {
  test("picks from made-up sweeps what the tool's own arithmetic picks", () => {
    const picked = cases.map(({ lrs, losses }) =>
      choose(
        lrs,
        losses.map((v) => v ?? Number.NaN),
      ),
    );
    picked.forEach((lr, i) => expect(lr, `case ${i}`).toBeCloseTo(cases[i]!.chosen[id]!, 12));
  });

  test("gives null, no error, for a handful of points", () => {
    for (const n of [0, 1, 2, 5]) {
      const lrs = Array.from({ length: n }, (_, i) => 10 ** (i - 5));
      const lr = choose(
        lrs,
        lrs.map(() => 1),
      );
      expect(lr === null || lrs.some((v) => v === lr || v / 10 === lr)).toBe(true);
    }
  });
});

test("slopes at uneven points are exact for a parabola inside, one-sided at the ends", () => {
  const x = [0, 1, 3, 4, 10];
  const slopes = gradient(
    x.map((v) => v * v),
    (i) => x[i]!,
  );
  expect(slopes).toEqual([1, 2, 6, 8, 14]);
});
