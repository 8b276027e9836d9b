import type { LearningRate } from "../../optim/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { losses, secondProgram } from "../second-program.ts";
import { timed } from "../timed.ts";
import { fixed, last, rises, show } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim: "the learning-rate finder is the 1-cycle rule",
  claimed: "Learning rate finder (1-cycle rule)",
  settings: { from: 1e-7, to: 10, peak: 2, steps: 300 },
  run: async (context, { from, to, peak, steps }) => {
    const values = (rate: LearningRate): Float64Array =>
      Float64Array.from({ length: steps }, (_, k) => rate.lrAt(k));
    const finder = values(timed("ramp", from, { endLr: to, shape: "exponential", steps: steps - 1 }, steps));
    const cycle = values(timed("one-cycle", peak, {}, steps));
    const momentum = timed("one-cycle", peak, {}, steps).momentumAt;
    const up = (rates: Float64Array): number => rises(rates) / (steps - 1);
    const top = cycle.indexOf(Math.max(...cycle));
    // what each is for: the cycle trains, the finder is thrown away
    const run = secondProgram(context, "flipped");
    const trained = (rates: Float64Array): number => {
      run.reset();
      for (const lr of rates) run.step(lr);
      return run.step(0).loss;
    };
    const ends = {
      finder: trained(finder),
      cycle: trained(cycle),
      constant: last(losses(run, steps + 1, peak)),
    };
    const final = up(cycle);
    return {
      summary: `the finder's rate rises at ${fixed(100 * up(finder), 0)}% of its steps, the 1-cycle's at ${fixed(100 * final, 0)}%, then falls`,
      measured: {
        final,
        finder: { rises: up(finder), first: finder[0]!, last: last(finder) },
        cycle: {
          rises: final,
          first: cycle[0]!,
          peakAt: top,
          last: last(cycle),
          peakOverFirst: peak / cycle[0]!,
          firstOverLast: cycle[0]! / last(cycle),
          momenta: [momentum(0)!, momentum(top)!, momentum(steps - 1)!],
        },
        ends,
      },
      verdict: Math.abs(up(finder) - final) < 0.01 ? "holds" : "does-not-hold",
      condition:
        `Two things: the finder is a test that chooses the highest rate; the 1-cycle (PyTorch's OneCycleLR) is a schedule that uses ` +
        `it, from ${show(cycle[0]!)} up to ${show(peak)} at step ${top} and down to ${show(last(cycle), 2)}, momentum ` +
        `${fixed(momentum(0)!, 2)} to ${fixed(momentum(top)!, 2)} and back. With flipped labels the finder's run leaves a loss of ` +
        `${fixed(ends.finder, 3)}, the cycle's ${fixed(ends.cycle, 5)}`,
    };
  },
});
