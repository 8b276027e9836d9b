import { abs, constant, le, mul, select, sub, sum } from "../../engine/graph/index.ts";
import { sgd } from "../../optim/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { descent } from "../descent.ts";
import { axisAligned } from "../quadratic.ts";
import { show } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim:
    "on a convex loss with L-Lipschitz gradient the gap falls at least as 1/k: f(x_k) − f* ≤ R²/(2ηk) for η ≤ 1/L",
  claimed: "O(1/k)",
  settings: { steps: 10_000, dimensions: 200, worstSteps: 100 },
  run: async (context, { steps, dimensions, worstSteps }) => {
    // ½ Σ xᵢ²/i²: convex, L = 1, and flatter with every dimension; from (1, …, 1), so R² = dimensions
    const eigenvalues = Array.from({ length: dimensions }, (_, i) => 1 / (i + 1) ** 2);
    const flat = axisAligned(context, eigenvalues, sgd({ lr: 1 }));
    let held = true;
    let final = Number.NaN;
    for (let k = 0; k <= steps; k++) {
      final = flat.step().loss;
      if (k > 0 && final > dimensions / (2 * k)) held = false;
    }
    const bound = dimensions / (2 * steps);
    // the slowest convex function for so many steps: a Huber function with its bend at R/(2k + 1) (Drori & Teboulle 2014)
    const bend = 1 / (2 * worstSteps + 1);
    const huber = descent(context, {
      start: { x: { shape: [], values: [1] } },
      loss: ({ x }) => {
        const size = abs(x!);
        const b = constant(bend, { dtype: "float64" });
        return sum(select(le(size, b), mul(0.5, mul(x!, x!)), mul(b, sub(size, mul(0.5, b)))));
      },
      optimizer: sgd({ lr: 1 }),
    });
    let worst = Number.NaN;
    for (let k = 0; k <= worstSteps; k++) worst = huber.step().loss;
    const tight = 1 / (4 * worstSteps + 2);
    return {
      summary: `gap ${show(final)} after ${show(steps, 9)} steps, the bound is ${show(bound)}`,
      measured: { final, bound, held, worst, tight, worstError: Math.abs(worst / tight - 1) },
      verdict: held && worst <= tight * (1 + 1e-9) ? "holds" : "does-not-hold",
      condition:
        `No better constant is true for all convex functions: a Huber function meets LR²/(4k+2) to ` +
        `${show(Math.abs(worst / tight - 1), 1)} after ${worstSteps} steps`,
    };
  },
});
