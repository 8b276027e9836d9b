import { sum } from "../../engine/graph/index.ts";
import { adam } from "../../optim/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { descent } from "../descent.ts";
import { show, times } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim: "bias correction avoids underestimation at the cold start",
  claimed: "avoids cold start underestimation",
  settings: { beta1: 0.9, beta2: 0.999, steps: 100 },
  run: async (context, { beta1, beta2, steps }) => {
    // the gradient is 1 at every step: the moments should be 1, the steps the learning rate
    const sizes = (biasCorrection: boolean): { steps: number[]; m: number; v: number } => {
      const run = descent(context, {
        start: { x: { shape: [1], values: [0] } },
        loss: ({ x }) => sum(x!),
        optimizer: adam({ lr: 1, betas: [beta1, beta2], eps: 0, biasCorrection }),
      });
      const x = run.at["x"]!;
      const made: number[] = [];
      let moments = [Number.NaN, Number.NaN];
      for (let k = 1; k <= steps; k++) {
        const before = x[0]!;
        run.step();
        made.push(before - x[0]!);
        if (k === 1) moments = [run.state["adam.m.x"]![0]!, run.state["adam.v.x"]![0]!];
      }
      return { steps: made, m: moments[0]!, v: moments[1]! };
    };
    const raw = sizes(false);
    const corrected = sizes(true);
    const largest = Math.max(...raw.steps);
    const at = raw.steps.indexOf(largest) + 1;
    const final = raw.steps[0]!;
    return {
      summary: `the moments start ${times(1 / raw.m)} and ${times(1 / raw.v)} too small, the step ${times(final)} too large`,
      measured: { final, m: raw.m, v: raw.v, largest, at, corrected: corrected.steps[0]!, steps: raw.steps },
      verdict: raw.m < 1 && raw.v < 1 ? (final < 1 ? "holds" : "holds-if") : "does-not-hold",
      condition:
        `the moments are meant. The step itself, m/√v, is too large without the correction: ${times(final)} at first, at most ` +
        `${show(largest, 3)}× at step ${at}; with it the first step is ${show(corrected.steps[0]!)} learning rate`,
    };
  },
});
