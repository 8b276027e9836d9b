import { expect, test } from "vitest";
import { judgeTransfer, type WidthRate } from "./widths.ts";

const rate = (width: number, lr: number | null, factor = 2): WidthRate => ({
  parametrization: "mup",
  width,
  lr,
  spread: lr === null ? null : [lr / factor, lr * factor],
  change: 1,
});

test.each([
  ["yes", 2, [rate(16, 0.01), rate(32, 0.02), rate(64, 0.01)]],
  ["no", 8, [rate(16, 0.08), rate(32, 0.04), rate(64, 0.01)]],
  ["unclear", 4, [rate(16, 0.04, 3), rate(64, 0.01, 3)]],
  ["unclear", null, [rate(16, 0.04), rate(64, null)]],
] as const)("whether the rate transfers: %s", (holds, moved, rates) => {
  expect(judgeTransfer(rates)).toMatchObject({ holds, moved });
});
