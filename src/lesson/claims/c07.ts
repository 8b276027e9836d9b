import { defineExperiment, type Experiment } from "../claim.ts";
import { losses, secondProgram } from "../second-program.ts";
import { fixed, last, percent, rises } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim: "gradient descent at learning rate 0.001 is too low: it barely moves in 500 steps",
  claimed: "too low (barely moves in 500 steps)",
  settings: { lr: 0.001, epochs: 500, barely: 0.2 },
  run: async (context, { lr, epochs, barely }) => {
    const curve = losses(secondProgram(context, "as-written"), epochs, lr);
    const final = last(curve);
    const change = final / curve[0]! - 1;
    return {
      summary: `${fixed(curve[0]!, 4)} to ${fixed(final, 4)}: ${percent(change, 1)}`,
      measured: { final, first: curve[0]!, change, rises: rises(curve) },
      verdict: Math.abs(change) < barely ? "holds" : "does-not-hold",
      condition: null,
    };
  },
});
