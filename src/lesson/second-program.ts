/** The lesson's second problem and its two relatives, as a descent over all of the 200 samples from zero weights. */
import { lessonLeastSquares, lessonLogistic, lessonLogisticFlipped } from "../data/sources/lesson.ts";
import { constant, type Expr, matmul, mul } from "../engine/graph/index.ts";
import { bceWithLogits, mse } from "../nn/losses/index.ts";
import { sgd, type Tensors, type Transform } from "../optim/index.ts";
import type { LessonContext } from "./context.ts";
import { type Descent, descent } from "./descent.ts";
import { sharpness } from "./sharpness.ts";

/**
 * `as-written`: separable labels. `flipped`: about every tenth label is wrong, so that the loss has a minimum.
 * `squared`: the same features with real targets, loss ½(x·w − t)².
 */
export type Problem = "as-written" | "flipped" | "squared";

const sources = {
  "as-written": lessonLogistic,
  flipped: lessonLogisticFlipped,
  squared: lessonLeastSquares,
} as const;

type Loss = (at: Tensors) => Expr;

export function secondLoss(problem: Problem): Loss {
  const { features, target } = sources[problem]();
  const n = features.shape[0]!;
  const x = constant(Float64Array.from(features.data), { shape: [n, 5], dtype: "float64" });
  const y = constant(Float64Array.from(target.data), { shape: [n, 1], dtype: "float64" });
  return ({ w }) => {
    const output = matmul(x, w!);
    return problem === "squared" ? mul(0.5, mse(output, y)) : bceWithLogits(output, y);
  };
}

/** The lesson's second program: a linear model of five weights from zero, with any optimizer. */
export const secondProgram = (
  context: Pick<LessonContext, "backend">,
  problem: Problem,
  optimizer: Transform = sgd({ lr: 1 }),
): Descent =>
  descent(context, {
    start: { w: { shape: [5, 1], values: new Float64Array(5) } },
    loss: secondLoss(problem),
    optimizer,
  });

/** 2/λ for the largest curvature λ at these weights: the largest stable rate of gradient descent near them. */
export const stableRate = async (
  context: Pick<LessonContext, "backend">,
  problem: Problem,
  weights: ArrayLike<number>,
): Promise<number> =>
  2 / (await sharpness(context, secondLoss(problem), { w: { shape: [5, 1], values: weights } }));

/** The loss before each of so many steps from the start. */
export function losses(run: Descent, steps: number, lr?: number): Float64Array {
  run.reset();
  return Float64Array.from({ length: steps }, () => run.step(lr).loss);
}

/** Where the flipped problem's loss is least: gradient descent until it no longer moves. */
export function flippedMinimum(context: Pick<LessonContext, "backend">): {
  weights: Float64Array;
  loss: number;
} {
  const run = secondProgram(context, "flipped");
  let last = run.step(5);
  for (let k = 0; k < 5000 && last.gradNorm > 1e-13; k++) last = run.step(5);
  return { weights: Float64Array.from(run.at["w"]!), loss: last.loss };
}
