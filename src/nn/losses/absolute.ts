import { abs, type Expr, le, mul, select, square, sub } from "../../engine/graph/index.ts";
import { number } from "../../run/options.ts";
import { defineLoss, type Loss, numberTarget, type Reduction, reduceBy, reductionOption } from "./loss.ts";

/** Options of `l1`. Default: the mean. */
export interface L1Options {
  readonly reduction?: Reduction;
}

/** Mean of |ŷ − y|; the slope at 0 is 0. */
export function l1(output: Expr, target: Expr, { reduction = "mean" }: L1Options = {}): Expr {
  return reduceBy(abs(sub(output, numberTarget("l1", output, target))), reduction);
}

/** Options of `huber`. Default: `delta` 1, the mean. */
export interface HuberOptions {
  /** Where the parabola turns into a line. */
  readonly delta?: number;
  readonly reduction?: Reduction;
}

/** ½e² up to |e| = δ, then δ(|e| − ½δ) (Huber 1964). */
export function huber(
  output: Expr,
  target: Expr,
  { delta = 1, reduction = "mean" }: HuberOptions = {},
): Expr {
  return reduceBy(huberValues(sub(output, numberTarget("huber", output, target)), delta), reduction);
}

function huberValues(error: Expr, delta: number): Expr {
  const size = abs(error);
  return select(le(size, delta), mul(square(error), 0.5), mul(sub(size, 0.5 * delta), delta));
}

/** Options of `smoothL1`. Default: `beta` 1, the mean. */
export interface SmoothL1Options {
  /** Where the parabola turns into a line of slope 1. */
  readonly beta?: number;
  readonly reduction?: Reduction;
}

/** Huber's loss divided by β: ½e²/β up to |e| = β, then |e| − ½β. β = 0 is L1. */
export function smoothL1(
  output: Expr,
  target: Expr,
  { beta = 1, reduction = "mean" }: SmoothL1Options = {},
): Expr {
  if (beta === 0) return l1(output, target, { reduction });
  const error = sub(output, numberTarget("smooth-l1", output, target));
  return reduceBy(mul(huberValues(error, beta), 1 / beta), reduction);
}

export const absoluteRows: readonly Loss[] = [
  defineLoss<L1Options>({
    name: "l1",
    elsewhere: { pytorch: "L1Loss" },
    about: "numbers, absolute distance",
    formula: "|ŷ − y|",
    target: "number",
    output: "value",
    link: null,
    options: { reduction: reductionOption },
    make: l1,
  }),
  defineLoss<HuberOptions>({
    name: "huber",
    elsewhere: { pytorch: "HuberLoss" },
    about: "numbers, with outliers",
    formula: "½e² for |e| ≤ δ, else δ(|e| − ½δ);  e = ŷ − y, δ = delta",
    target: "number",
    output: "value",
    link: null,
    options: {
      delta: number(1, "where the parabola turns into a line", { above: 0 }),
      reduction: reductionOption,
    },
    make: huber,
  }),
  defineLoss<SmoothL1Options>({
    name: "smooth-l1",
    elsewhere: { pytorch: "SmoothL1Loss" },
    about: "numbers, Huber's loss with slope 1",
    formula: "½e²/β for |e| ≤ β, else |e| − ½β;  e = ŷ − y, β = beta",
    target: "number",
    output: "value",
    link: null,
    options: {
      beta: number(1, "where the parabola turns into a line", { min: 0 }),
      reduction: reductionOption,
    },
    make: smoothL1,
  }),
];
