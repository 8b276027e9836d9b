import { sgd } from "../../optim/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { axisAligned, descentRate } from "../quadratic.ts";
import { ratios, show } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim:
    "on a strongly convex loss the gap falls exponentially: f(x_k) − f* ≤ (1 − μ/L)^k (f(x_0) − f*) at η = 1/L",
  claimed: "linear (exponential) in the number of steps",
  settings: { kappa: 100, dimensions: 20, steps: 1000 },
  run: async (context, { kappa, dimensions, steps }) => {
    const eigenvalues = ratios(1, kappa, dimensions);
    const gap = (lr: number, rate: number): { gap: number; bound: number; held: boolean } => {
      const run = axisAligned(context, eigenvalues, sgd({ lr }));
      const first = run.step().loss;
      let [share, held] = [1, true];
      for (let k = 1; k <= steps; k++) {
        share = run.step().loss / first;
        if (share > rate ** k * (1 + 1e-9)) held = false;
      }
      return { gap: share, bound: rate ** steps, held };
    };
    const safe = gap(1 / kappa, 1 - 1 / kappa);
    const quickest = gap(descentRate(1, kappa), ((kappa - 1) / (kappa + 1)) ** 2);
    return {
      summary: `share of the gap left after ${steps} steps ${show(safe.gap, 2)}, the bound is ${show(safe.bound, 2)}`,
      measured: { final: safe.gap, safe, quickest },
      verdict: safe.held && quickest.held ? "holds" : "does-not-hold",
      condition:
        `At η = 2/(L+μ) a quadratic's bound ((κ−1)/(κ+1))^2k is nearly tight: ${show(quickest.gap, 2)} left of at most ` +
        `${show(quickest.bound, 2)} (condition number ${kappa})`,
    };
  },
});
