import { dot, mul, random } from "../../engine/graph/index.ts";
import { adam, adamw, type Transform } from "../../optim/index.ts";
import { mean } from "../../run/mean.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { descent } from "../descent.ts";
import { fixed } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim: "AdamW is Adam with decoupled weight decay",
  claimed: "Adam + decoupled weight decay",
  settings: { lr: 0.001, decay: 1, steps: 1000, weights: 1000, quiet: 1, loud: 100, seed: 1 },
  run: async (context, { lr, decay, steps, weights, quiet, loud, seed }) => {
    // gradients are noise and nothing else, of two sizes: what moves the weights on average is the decay
    const ends = async (optimizer: Transform, scale: number): Promise<number> => {
      const run = descent(context, {
        start: { w: { shape: [weights], values: new Float64Array(weights).fill(1) } },
        loss: ({ w }, _, key) => mul(scale, dot(w!, random("normal", [weights], { key, dtype: "float64" }))),
        optimizer,
        seed,
      });
      for (let k = 0; k < steps; k++) {
        run.step();
        if (k % 200 === 0) await context.pause(0.5);
      }
      return mean(run.at["w"]!);
    };
    const decoupled = adamw({ lr, weightDecay: decay });
    const coupled = adam({ lr, weightDecay: decay });
    const exact = (1 - lr * decay) ** steps;
    const w = { quiet: await ends(decoupled, quiet), loud: await ends(decoupled, loud) };
    const l2 = { quiet: await ends(coupled, quiet), loud: await ends(coupled, loud) };
    const near = (x: number): boolean => Math.abs(x - exact) < 0.01;
    return {
      summary: `weights 1 decay to ${fixed(w.quiet, 4)} and ${fixed(w.loud, 4)} under gradient noise ${quiet} and ${loud}`,
      measured: { final: w.loud, adamw: w, adamL2: l2, exact },
      verdict:
        near(w.quiet) && near(w.loud) && Math.abs(l2.loud - l2.quiet) > 0.1 ? "holds" : "does-not-hold",
      condition:
        `Decay alone gives ${fixed(exact, 4)}. Adam with the same decay in the gradient ends at ${fixed(l2.quiet, 3)} and ` +
        `${fixed(l2.loud, 3)}: a loud weight is hardly decayed`,
    };
  },
});
