import { add, dot, mul, random, sum } from "../../engine/graph/index.ts";
import { sgd } from "../../optim/index.ts";
import { mean } from "../../run/mean.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { descent } from "../descent.ts";
import { show } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim: "SGD converges to a neighbourhood of the minimum, not to the minimum",
  claimed: "converges to neighborhood of minimum",
  settings: { lr: 0.1, large: 1, runs: 1000, steps: 400, decaySteps: 3000, seed: 1 },
  run: async (context, { lr, large, runs, steps, decaySteps, seed }) => {
    // ½x² with a unit normal error on each gradient, `runs` times side by side
    const chains = descent(context, {
      start: { x: { shape: [runs], values: new Float64Array(runs) } },
      loss: ({ x }, _, key) =>
        add(mul(0.5, sum(mul(x!, x!))), dot(x!, random("normal", [runs], { key, dtype: "float64" }))),
      optimizer: sgd({ lr: 1 }),
      seed,
    });
    const meanSquare = (): number => mean(chains.at["x"]!.map((x) => x * x) as Float64Array);
    /** Mean square over the second half of the steps: the first half forgets the start. */
    const settled = async (rate: number): Promise<number> => {
      chains.reset();
      const kept: number[] = [];
      for (let k = 1; k <= steps; k++) {
        chains.step(rate);
        // one look in 20: neighbours are nearly the same numbers
        if (k > steps / 2 && k % 20 === 0) kept.push(meanSquare());
        if (k % 100 === 0) await context.pause(k / steps / 2);
      }
      return mean(kept);
    };
    const theory = (rate: number): number => rate / (2 - rate);
    const [final, atLarge] = [await settled(lr), await settled(large)];
    chains.reset();
    for (let k = 1; k <= decaySteps; k++) {
      chains.step(1 / k);
      if (k % 500 === 0) await context.pause(0.5 + k / decaySteps / 2);
    }
    const decayed = meanSquare();
    const stays = Math.abs(final / theory(lr) - 1) < 0.2;
    return {
      summary: `mean square distance ${show(final)} at learning rate ${lr}; in theory ${show(theory(lr))}`,
      measured: {
        final,
        theory: theory(lr),
        atLarge,
        theoryAtLarge: theory(large),
        decayed,
        decayedTheory: 1 / decaySteps,
      },
      verdict: !stays ? "does-not-hold" : decayed < final / 10 ? "holds-if" : "holds",
      condition:
        `the learning rate stays constant (ησ²/(λ(2−ηλ)); at ${large} it is ${show(atLarge)} of ${show(theory(large))}). With ` +
        `η = 1/k it does converge: ${show(decayed, 2)} after ${show(decaySteps, 9)} steps`,
    };
  },
});
