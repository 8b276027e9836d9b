/**
 * −T·log(e^{−25(x+1)²/T} + e^{−½(x−2)²/T}): two minima of the same depth, a sharp one near −1 (curvature 50) and a flat
 * one near 2 (curvature 1). Many runs side by side; the noise level is data.
 */
import {
  abs,
  add,
  dot,
  type Expr,
  exp,
  log1p,
  min,
  mul,
  neg,
  random,
  sub,
  sum,
} from "../engine/graph/index.ts";
import type { Transform } from "../optim/index.ts";
import type { LessonContext } from "./context.ts";
import { type Descent, descent } from "./descent.ts";

/** The narrow well: where it is, and its curvature. */
export const SHARP = { at: -1, curvature: 50 } as const;
/** The wide well: where it is, and its curvature. */
export const FLAT = { at: 2, curvature: 1 } as const;
const T = 0.05;

const bowl = (x: Expr, { at, curvature }: { at: number; curvature: number }): Expr => {
  const from = sub(x, at);
  return mul(curvature / 2, mul(from, from));
};

/** The smaller of the two bowls, rounded off where they meet. */
export function wellsLoss(x: Expr): Expr {
  const [a, b] = [bowl(x, SHARP), bowl(x, FLAT)];
  return sub(min(a, b), mul(T, log1p(exp(neg(mul(1 / T, abs(sub(a, b))))))));
}

/**
 * Many descents at once over the two wells, one from each start, with noise of deviation `sigma` that can be
 * set between steps.
 */
export const wells = (
  context: Pick<LessonContext, "backend">,
  starts: Float64Array,
  optimizer: Transform,
  { seed }: { seed: number },
): Descent =>
  descent(context, {
    start: { x: { shape: [starts.length], values: starts } },
    data: { sigma: [] },
    loss: ({ x }, { sigma }, key) =>
      add(
        sum(wellsLoss(x!)),
        mul(sigma!, dot(x!, random("normal", [starts.length], { key, dtype: "float64" }))),
      ),
    optimizer,
    seed,
  });

const [a, b] = [Math.sqrt(SHARP.curvature), Math.sqrt(FLAT.curvature)];
/** Where the two bowls are equally high: left of it every slow descent ends in the sharp one. */
const RIDGE = (a * SHARP.at + b * FLAT.at) / (a + b);
/** Whether a point is on the wide well's side of the ridge. */
export const isFlat = (x: number): boolean => x > RIDGE;
