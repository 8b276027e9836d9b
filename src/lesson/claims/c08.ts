import { defineExperiment, type Experiment } from "../claim.ts";
import { losses, secondProgram, stableRate } from "../second-program.ts";
import { rises, show } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim: "full-batch gradient descent has guaranteed descent",
  claimed: "guaranteed descent",
  settings: { lr: 11, epochs: 500, share: 0.99 },
  run: async (context, { lr, epochs, share }) => {
    const run = secondProgram(context, "flipped");
    const final = rises(losses(run, epochs, lr));
    // a logistic loss is nowhere more curved than at zero weights, where every probability is ½
    const limit = await stableRate(context, "flipped", new Float64Array(5));
    const within = rises(losses(run, epochs, share * limit));
    return {
      summary: `at learning rate ${lr} the loss rises in ${final} of ${epochs - 1} steps`,
      measured: { final, steps: epochs - 1, limit, within },
      verdict: final === 0 ? "holds" : within === 0 ? "holds-if" : "does-not-hold",
      condition:
        final === 0
          ? null
          : `the learning rate is below 2/L, here ${show(limit, 4)}: at ${show(share * limit, 4)} the loss rises in ${within} steps`,
    };
  },
});
