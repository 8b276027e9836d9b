/** A line, w1·x + w2/2, through 64 points by least squares; a step's batch is given as the weight of each sample. */
import { batchPlan } from "steepest/data";
import { add, constant, matmul, mul, reshape, square, sub, sum, wasm } from "steepest/engine";
import { descent } from "steepest/lesson/problems";
import { sgd } from "steepest/optim";
import { stream } from "steepest/random";
import { type Evaluator, evaluator, type Surface, symmetricEigenvalues } from "steepest/surface";
import { DOMAIN, INTERCEPT, N, type samplings } from "./facts.ts";

export type Sampling = (typeof samplings)[number];

const draws = stream(64, "samples");
/** What each weight is multiplied by: the point's x, and ½, so that one direction is about four times as steep. */
const x = draws.normal(2 * N).map((z, i) => (i % 2 === 0 ? z : INTERCEPT));
const error = draws.normal(N);
const t = Float64Array.from({ length: N }, (_, i) => x[2 * i]! - 0.5 * x[2 * i + 1]! + 0.6 * error[i]!);

/** The points of the picture: x and the height wanted there. */
export const samples: { readonly x: Float64Array; readonly target: Float64Array } = {
  x: x.filter((_, i) => i % 2 === 0),
  target: t,
};

export const surface: Surface = {
  name: "least-squares",
  label: "least squares",
  variables: ["w1", "w2"],
  f: ([a, b]) =>
    mul(
      1 / (2 * N),
      Array.from(t, (y, i) => square(sub(add(mul(x[2 * i]!, a!), mul(x[2 * i + 1]!, b!)), y))).reduce(
        (p, q) => add(p, q),
      ),
    ),
  domain: [DOMAIN.x, DOMAIN.y],
  start: [-2, 1.5],
  minima: [],
  text: "mean of ½(w1·x + w2/2 − t)²",
};

export const whole: Evaluator = evaluator(surface);

const walker = descent(
  { backend: wasm },
  {
    start: { w: { shape: [2], values: [0, 0] } },
    data: { weight: [N] },
    loss: ({ w }, { weight }) => {
      const features = constant(x, { shape: [N, 2], dtype: "float64" });
      const output = reshape(matmul(features, reshape(w!, [2, 1])), [N]);
      return sum(mul(weight!, mul(0.5, square(sub(output, constant(t, { dtype: "float64" }))))));
    },
    optimizer: sgd({ lr: 1 }),
  },
);
export const w: Float64Array = walker.at["w"] as Float64Array;
const weight = walker.data["weight"] as Float64Array;

/** One step on these samples. */
export function step(rows: ArrayLike<number>, lr: number): void {
  weight.fill(0);
  for (let i = 0; i < rows.length; i++) weight[rows[i]!]! += 1 / rows.length;
  walker.step(lr);
}

const curvatures = symmetricEigenvalues(whole.hessian([0, 0]), 2);
export const mu: number = Math.min(...curvatures);
export const L: number = Math.max(...curvatures);

const all = Int32Array.from({ length: N }, (_, i) => i);
/** Full-batch descent until nothing moves any more. */
export const minimum: Float64Array = (() => {
  w.fill(0);
  for (let k = 0; k < 1000; k++) step(all, 1 / L);
  return w.slice();
})();
export const minLoss: number = whole.value(minimum);

/** |gradient|² of a batch at the minimum, where the gradient of all samples is zero. */
export function deviation(rows: ArrayLike<number>): number {
  w.set(minimum);
  step(rows, 1);
  return (w[0]! - minimum[0]!) ** 2 + (w[1]! - minimum[1]!) ** 2;
}
/** tr Σ of one sample's gradient at the minimum. */
export const trace: number = all.reduce((s, i) => s + deviation([i]), 0) / N;

/** The samples of each step; the order does not depend on the rate. */
export function order(sampling: Sampling, batch: number, seed: number): (step: number) => ArrayLike<number> {
  if (sampling === "epochs") {
    const plan = batchPlan({ n: N, batchSize: batch, seed });
    return (k) => plan.rowsOf(k);
  }
  const random = stream(seed, "batches");
  return () => random.integers(batch, 0, N);
}
