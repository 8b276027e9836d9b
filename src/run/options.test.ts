import { expect, test } from "vitest";
import { isInRange, showRange } from "./options.ts";

test("a range says in words what it lets through", () => {
  const cases = [
    [{ min: 0, below: 1 }, "in [0, 1)", [0, 0.5], [1, -0.1]],
    [{ above: 0, max: 1 }, "in (0, 1]", [1, 0.5], [0, 1.1]],
    [{ above: 0 }, "> 0", [1e-300], [0, Number.NaN, Number.POSITIVE_INFINITY]],
    [{ min: 0.5 }, "≥ 0.5", [0.5, 1], [0.4]],
    [{ max: 0 }, "≤ 0", [0, -1], [1]],
    [{}, "", [0, -1e308], [Number.NaN]],
  ] as const;
  for (const [range, words, fine, wrong] of cases) {
    expect(showRange(range)).toBe(words);
    expect(fine.map((v) => isInRange(v, range))).not.toContain(false);
    expect(wrong.map((v) => isInRange(v, range))).not.toContain(true);
  }
});
