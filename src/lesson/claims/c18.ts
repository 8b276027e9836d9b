import { sgd } from "../../optim/index.ts";
import type { Chart } from "../../plot/chart.ts";
import { stream } from "../../random/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import type { LessonContext } from "../context.ts";
import { isFlat, SHARP, wells } from "../wells.ts";
import { percent, share, show } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim: "too small a learning rate stays in a sharp minimum; a large one with momentum finds the flat one",
  claimed: "small rates are trapped in sharp minima, large rate + momentum finds flat minima",
  settings: { runs: 1000, steps: 2000, beta: 0.9, sigma: 3, seed: 1 },
  run: async (context, { runs, steps, beta, sigma, seed }) => {
    const beside = Float64Array.from({ length: 200 }, (_, i) => SHARP.at + 0.02 * (i / 199 - 0.5) + 1e-6);
    const spread = stream(seed, "starts")
      .uniform(runs)
      .map((u) => -3 + 8 * u);
    const sharp = new Float64Array(runs).fill(SHARP.at);
    const ways = { plain: sgd({ lr: 1 }), momentum: sgd({ lr: 1, momentum: beta }) };
    const make = (starts: Float64Array): Record<keyof typeof ways, ReturnType<typeof wells>> => ({
      plain: wells(context, starts, ways.plain, { seed }),
      momentum: wells(context, starts, ways.momentum, { seed }),
    });
    const from = { beside: make(beside), spread: make(spread), sharp: make(sharp) };
    let done = 0;
    /** Share of the runs that end in the flat minimum. */
    const flat = async (
      start: keyof typeof from,
      way: keyof typeof ways,
      lr: number,
      noise = 0,
    ): Promise<number> => {
      const run = from[start][way];
      run.reset();
      run.data["sigma"]![0] = noise;
      for (let k = 0; k < steps; k++) {
        run.step(lr);
        if (k % 500 === 0) await context.pause(done / 12);
      }
      done++;
      // where the noise throws about, its last place counts
      return share(run.at["x"]!, isFlat);
    };
    const limit = (b: number): number => (2 * (1 + b)) / SHARP.curvature;
    const threshold = {
      limit: limit(0),
      below: await flat("beside", "plain", 0.975 * limit(0)),
      above: await flat("beside", "plain", 1.025 * limit(0)),
      momentumLimit: limit(beta),
      momentumBelow: await flat("beside", "momentum", 0.975 * limit(beta)),
      momentumAbove: await flat("beside", "momentum", 1.025 * limit(beta)),
    };
    const small = 1 - (await flat("spread", "plain", 0.001));
    const middle = 1 - (await flat("spread", "plain", 0.01));
    const middleMomentum = 1 - (await flat("spread", "momentum", 0.01));
    const large = 1 - (await flat("spread", "momentum", 0.06, 1));
    const noisy = {
      plain: await flat("sharp", "plain", 0.02, sigma),
      momentum: await flat("sharp", "momentum", 0.02, sigma),
      tooMuch: await flat("sharp", "momentum", 0.3, sigma),
    };
    const found = small > 0.1 && large < 0.05 && threshold.below < 0.05 && threshold.above > 0.95;
    return {
      summary: `from anywhere, ${percent(small)} of the runs at 0.001 end in the sharp minimum, ${percent(large, 1)} at 0.06 with β ${beta} and noise`,
      measured: { final: small, small, middle, middleMomentum, large, threshold, noisy },
      verdict: found ? "holds-if" : "does-not-hold",
      condition:
        `the rate passes what the sharp minimum holds, 2(1+β)/λ: beside it ${percent(threshold.below)} leave at 0.975 of ` +
        `${show(threshold.limit, 2)} and ${percent(threshold.above)} at 1.025 (β ${beta}: ${percent(threshold.momentumBelow)} and ` +
        `${percent(threshold.momentumAbove)} of ${show(threshold.momentumLimit, 2)}); or there is noise. At 0.01 ` +
        `${percent(middle)} end in the sharp one, with momentum ${percent(middleMomentum)}. With noise ${sigma} at 0.02 ` +
        `${percent(noisy.plain)} reach the flat one without momentum, ${percent(noisy.momentum)} with it, but at 0.3 ` +
        `only ${percent(noisy.tooMuch)}: too much noise also comes back`,
      figures: () => ({ flat_and_sharp: figure(context, beta) }),
    };
  },
});

/** The two wells, and where single runs go that start beside the sharp one. */
function figure(context: LessonContext, beta: number): Chart {
  const xs = Float64Array.from({ length: 401 }, (_, i) => -2.5 + i * 0.015);
  const height = xs.map((x) => {
    const run = wells(context, Float64Array.of(x), sgd({ lr: 1 }), { seed: 0 });
    return run.step(0).loss;
  });
  const walk = (lr: number, momentum: number): { x: Float64Array; y: Float64Array } => {
    const run = wells(context, Float64Array.of(SHARP.at + 0.01), sgd({ lr, momentum }), { seed: 0 });
    const steps = Float64Array.from({ length: 121 }, (_, k) => k);
    return {
      x: steps,
      y: steps.map(() => {
        const x = run.at["x"]![0]!;
        run.step();
        return x;
      }),
    };
  };
  const limit = 2 / SHARP.curvature;
  return {
    title: "A sharp and a flat minimum of the same depth",
    subtitle: `the sharp one holds rates up to 2(1+β)/λ: ${show(limit)} without momentum, ${show(limit * (1 + beta))} with β = ${beta}`,
    panels: [
      {
        kind: "lines",
        x: { label: "x" },
        y: { label: "loss", domain: [-0.1, 6] },
        series: [{ name: "loss", x: xs, y: height, slot: 6, endLabel: false }],
      },
      {
        kind: "lines",
        x: { label: "step" },
        y: { label: "x" },
        series: [
          { name: "0.039", ...walk(0.039, 0) },
          { name: "0.041", ...walk(0.041, 0) },
          { name: `0.074, β ${beta}`, ...walk(0.074, beta) },
          { name: `0.078, β ${beta}`, ...walk(0.078, beta) },
        ],
      },
    ],
  };
}
