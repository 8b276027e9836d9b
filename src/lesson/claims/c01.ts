import { sgd } from "../../optim/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { firstProgram, history } from "../walkthrough.ts";
import { fixed, last, orNever } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim: "SGD at learning rate 0.001 ends 500 epochs at a loss of about 0.48",
  claimed: 0.48,
  settings: { lr: 0.001, epochs: 500, target: 0.48, maxSteps: 5000, fastLr: 0.0008, tolerance: 0.005 },
  run: async ({ backend, pause }, { lr, epochs, target, maxSteps, fastLr, tolerance }) => {
    const written = firstProgram({ backend, optimizer: sgd({ lr }), start: "sgd" });
    const curve = history(written, maxSteps);
    await pause(0.5);
    const final = curve[epochs - 1]!;
    const zeroStart = last(
      history(firstProgram({ backend, optimizer: sgd({ lr }), start: "zeros" }), epochs),
    );
    const exact = { backend, optimizer: sgd({ lr: fastLr }), start: "sgd", dtype: "float64" } as const;
    const logits = last(
      history(firstProgram({ ...exact, optimizer: sgd({ lr }), loss: "bce-with-logits" }), epochs),
    );
    const fast = history(firstProgram({ ...exact, loss: "bce-with-logits" }), maxSteps);
    const crossing = (losses: Float64Array): number | null => {
      const at = losses.findIndex((loss) => loss < target);
      return at < 0 ? null : at;
    };
    const [crosses, fastCrosses] = [crossing(curve), crossing(fast)];
    const near = Math.abs(final - target) <= tolerance;
    return {
      summary: fixed(final, 4),
      measured: { final, zeroStart, logits, crosses, fastCrosses },
      // a longer run or another rate is another experiment than the one the sentence is about
      verdict: near ? "holds" : "does-not-hold",
      condition: near
        ? null
        : `The loss crosses ${target} only after ${orNever(crosses)} updates; with learning rate ${fastLr} and ` +
          `logits in float64 after ${orNever(fastCrosses)}. After ${epochs} epochs it is ${fixed(zeroStart, 4)} from ` +
          `zero weights and ${fixed(logits, 4)} from logits`,
    };
  },
});
