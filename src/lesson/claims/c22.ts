import type { Options } from "../../optim/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { timed } from "../timed.ts";
import { show } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim: "CosineAnnealingLR is cosine annealing with warm restarts",
  claimed: "Cosine annealing with warm restarts",
  settings: { lr: 0.1, period: 100, minLr: 1e-6 },
  run: async (_, { lr, period, minLr }) => {
    const rates = (name: string, options: Options): Float64Array => {
      const rate = timed(name, lr, options, 2 * period);
      return Float64Array.from({ length: 2 * period + 1 }, (_, k) => rate.lrAt(k));
    };
    const annealing = rates("CosineAnnealingLR", { T_max: period, eta_min: minLr });
    const restarts = rates("CosineAnnealingWarmRestarts", { T_0: period, eta_min: minLr });
    /** The largest rise from one step to the next, as a share of the whole range. */
    const jump = (values: Float64Array): { share: number; at: number } => {
      let [share, at] = [0, 0];
      for (let k = 1; k < values.length; k++) {
        const rise = (values[k]! - values[k - 1]!) / (lr - minLr);
        if (rise > share) [share, at] = [rise, k];
      }
      return { share, at };
    };
    const [slow, sudden] = [jump(annealing), jump(restarts)];
    // the way up is the way down, read backwards
    const mirrored = Math.max(
      ...Array.from({ length: period + 1 }, (_, k) =>
        Math.abs(annealing[period + k]! - annealing[period - k]!),
      ),
    );
    const restarted = slow.share > 0.5;
    return {
      summary: `its largest rise in a step is ${show(100 * slow.share, 2)}% of the range: it climbs back along the same cosine`,
      measured: { final: slow.share, annealing: slow, restarts: sudden, mirrored },
      verdict: restarted ? "holds" : sudden.share > 0.5 ? "holds-if" : "does-not-hold",
      condition: restarted
        ? null
        : `the class is CosineAnnealingWarmRestarts: it jumps by ${show(100 * sudden.share, 3)}% of the range at step ${sudden.at}. ` +
          `CosineAnnealingLR after step ${period} is its own mirror image to ${show(mirrored, 1)}`,
      figures: () => ({
        cosine: {
          title: "Annealing and warm restarts",
          panels: [
            {
              kind: "lines",
              x: { label: "step" },
              y: { label: "learning rate", zero: true },
              series: [
                { name: "CosineAnnealingLR", x: annealing.map((_, k) => k), y: annealing },
                { name: "CosineAnnealingWarmRestarts", x: restarts.map((_, k) => k), y: restarts },
              ],
            },
          ],
        },
      }),
    };
  },
});
