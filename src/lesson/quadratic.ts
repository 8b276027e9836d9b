/** Quadratic bowls ½ Σ xᵀHx: many of them side by side in one tensor [bowls, n], each with its own axes. */
import { constant, matmul, mul, reshape, sum } from "../engine/graph/index.ts";
import type { Transform } from "../optim/index.ts";
import { stream } from "../random/index.ts";
import type { LessonContext } from "./context.ts";
import { type Descent, descent } from "./descent.ts";

/** 1, √κ, κ */
export const spread = (kappa: number): number[] => [1, Math.sqrt(kappa), kappa];

/** Descent on ½ Σ λᵢxᵢ² from (1, …, 1). */
export function axisAligned(
  context: Pick<LessonContext, "backend">,
  eigenvalues: readonly number[],
  optimizer: Transform,
): Descent {
  const n = eigenvalues.length;
  const lambda = constant(Float64Array.from(eigenvalues), { dtype: "float64" });
  return descent(context, {
    start: { x: { shape: [n], values: new Float64Array(n).fill(1) } },
    loss: ({ x }) => mul(0.5, sum(mul(lambda, mul(x!, x!)))),
    optimizer,
  });
}

export interface Bowls extends Descent {
  /** The loss of each bowl now. */
  readonly losses: () => Float64Array;
}

/** Bowls with the same eigenvalues, each descended from a random start; their axes are the coordinates', or turned at random. */
export function randomBowls(
  context: Pick<LessonContext, "backend">,
  eigenvalues: readonly number[],
  optimizer: Transform,
  { bowls, turned, seed }: { bowls: number; turned: boolean; seed: number },
): Bowls {
  const n = eigenvalues.length;
  const draws = stream(seed, "bowls");
  const matrices = new Float64Array(bowls * n * n);
  for (let b = 0; b < bowls; b++) {
    const axes = turned ? orthonormal(draws.normal(n * n), n) : unitAxes(n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        matrices[(b * n + i) * n + j] = eigenvalues.reduce(
          (s, l, k) => s + l * axes[k]![i]! * axes[k]![j]!,
          0,
        );
      }
    }
  }
  const h = constant(matrices, { shape: [bowls, n, n], dtype: "float64" });
  const run = descent(context, {
    start: { x: { shape: [bowls, n], values: draws.normal(bowls * n) } },
    loss: ({ x }) => {
      const column = reshape(x!, [bowls, n, 1]);
      return mul(0.5, sum(mul(column, matmul(h, column))));
    },
    optimizer,
  });
  const losses = (): Float64Array => {
    const x = run.at["x"]!;
    const out = new Float64Array(bowls);
    for (let b = 0; b < bowls; b++) {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          out[b]! += 0.5 * x[b * n + i]! * matrices[(b * n + i) * n + j]! * x[b * n + j]!;
        }
      }
    }
    return out;
  };
  return { ...run, losses };
}

/** Steps until each bowl has lost all but `share` of its first loss; null where `most` steps were not enough. */
export function stepsOfEach(
  run: Bowls,
  share: number,
  { lr, maxSteps }: { lr?: number; maxSteps: number },
): (number | null)[] {
  run.reset();
  const goals = run.losses().map((loss) => loss * share);
  const found: (number | null)[] = Array.from(goals, () => null);
  let left = found.length;
  for (let k = 1; k <= maxSteps && left > 0; k++) {
    run.step(lr);
    run.losses().forEach((loss, b) => {
      if (found[b] !== null || loss > goals[b]!) return;
      found[b] = k;
      left--;
    });
  }
  return found;
}

const unitAxes = (n: number): Float64Array[] =>
  Array.from({ length: n }, (_, k) => Float64Array.from({ length: n }, (_, i) => (i === k ? 1 : 0)));

/** Gram–Schmidt over the rows of a random matrix. */
function orthonormal(values: Float64Array, n: number): Float64Array[] {
  const rows: Float64Array[] = [];
  for (let k = 0; k < n; k++) {
    const row = values.slice(k * n, (k + 1) * n);
    for (const other of rows) {
      const along = row.reduce((s, v, i) => s + v * other[i]!, 0);
      for (let i = 0; i < n; i++) row[i]! -= along * other[i]!;
    }
    const norm = Math.hypot(...row);
    rows.push(row.map((v) => v / norm));
  }
  return rows;
}

/** The largest rates that are stable and the quickest ones, for curvatures between μ and L (Polyak 1964). */
export const descentRate = (mu: number, l: number): number => 2 / (l + mu);
/**
 * The best rate and momentum of the heavy ball for curvatures from μ to L (Polyak 1964): η = 4/(√L + √μ)², β
 * = ((√L − √μ)/(√L + √μ))².
 */
export const heavyBall = (mu: number, l: number): { readonly lr: number; readonly momentum: number } => {
  const [a, b] = [Math.sqrt(l), Math.sqrt(mu)];
  return { lr: 4 / (a + b) ** 2, momentum: ((a - b) / (a + b)) ** 2 };
};
