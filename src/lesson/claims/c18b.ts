import { add, lt, mul, random, select, sub, sum } from "../../engine/graph/index.ts";
import { sgd, type Transform } from "../../optim/index.ts";
import type { Chart } from "../../plot/chart.ts";
import { mean } from "../../run/mean.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import type { LessonContext } from "../context.ts";
import { type Descent, descent } from "../descent.ts";
import { fixed, show } from "../words.ts";

/** ½(uv − 1 − noise)², `runs` times side by side; the noise is ±size, drawn at each step. */
export function valley(
  context: LessonContext,
  [u, v]: readonly [number, number],
  optimizer: Transform,
  { runs = 1, noise = 0, seed = 0 }: { runs?: number; noise?: number; seed?: number } = {},
): Descent {
  const filled = (x: number): { shape: [number]; values: Float64Array } => ({
    shape: [runs],
    values: new Float64Array(runs).fill(x),
  });
  return descent(context, {
    start: { u: filled(u), v: filled(v) },
    loss: ({ u: a, v: b }, _, key) => {
      const clean = sub(mul(a!, b!), 1);
      const coin = lt(random("uniform", [runs], { key, dtype: "float64" }), 0.5);
      const error = noise === 0 ? clean : add(clean, select(coin, add(mul(0, clean), noise), -noise));
      return mul(0.5, sum(mul(error, error)));
    },
    optimizer,
    seed,
  });
}

/** Curvature at a minimum: u² + v². */
export const sharpness = (run: Descent): number =>
  mean(run.at["u"]!.map((u, i) => u * u + run.at["v"]![i]! ** 2) as Float64Array);

interface Slide {
  readonly sharpness: number;
  /** The largest loss on the way. */
  readonly peak: number;
}

function slide(run: Descent, lr: number, steps: number): Slide {
  run.reset();
  let peak = 0;
  for (let k = 0; k < steps; k++) {
    const { loss } = run.step(lr);
    if (!(loss < 1e6)) return { sharpness: Number.NaN, peak: Number.POSITIVE_INFINITY };
    peak = Math.max(peak, loss);
  }
  return { sharpness: sharpness(run), peak };
}

export const experiment: Experiment = defineExperiment({
  claim: "in two dimensions too, a larger learning rate (with momentum) finds flatter minima",
  claimed: "large learning rate with momentum tends to find flat minima",
  settings: { steps: 2000, noisySteps: 20_000, runs: 16, noise: 0.5, beta: 0.9, seed: 1 },
  run: async (context, { steps, noisySteps, runs, noise, beta, seed }) => {
    const from = [4, 0.3] as const;
    const plain = valley(context, from, sgd({ lr: 1 }));
    const rates = [0.05, 0.12, 0.15, 0.2, 0.25];
    const slides = rates.map((lr) => ({ lr, ...slide(plain, lr, steps) }));
    const ball = valley(context, from, sgd({ lr: 1, momentum: beta }));
    const withMomentum = slide(ball, 0.2, steps);
    // at a minimum of sharpness about 16.06, with labels that are wrong by ±noise
    const noisy = valley(context, [4, 0.25], sgd({ lr: 1 }), { runs, noise, seed });
    const drift: { lr: number; sharpness: number }[] = [];
    for (const lr of [0.001, 0.01, 0.02, 0.05]) {
      noisy.reset();
      for (let k = 0; k < noisySteps; k++) {
        noisy.step(lr);
        if (k % 2000 === 0) await context.pause(drift.length / 4);
      }
      drift.push({ lr, sharpness: sharpness(noisy) });
    }
    const [slow, quick] = [slides[0]!, slides[3]!];
    const final = quick.sharpness;
    const flatter = final < 0.5 * slow.sharpness;
    const said = slides
      .slice(1)
      .map((s) =>
        Number.isFinite(s.sharpness)
          ? `${fixed(s.sharpness, 2)} at ${s.lr} (loss up to ${show(s.peak, 2)} on the way)`
          : `divergence at ${s.lr}`,
      );
    return {
      summary: `sharpness ${fixed(slow.sharpness, 1)} at learning rate ${slow.lr}, ${fixed(final, 2)} at ${quick.lr}`,
      measured: { final, slides, withMomentum, drift, minimum: 2 },
      verdict: !flatter ? "does-not-hold" : withMomentum.sharpness > 2 * final ? "holds-if" : "holds",
      condition:
        `the rate is beyond 2/sharpness of the nearest minimum: ${said.join(", ")}. With momentum, which holds up to ` +
        `2(1+β)/η, the same rate is a smaller one: ${fixed(withMomentum.sharpness, 2)} at ${quick.lr} with β ${beta}. Label noise drifts to ` +
        `the flattest (2): ${drift.map((d) => `${fixed(d.sharpness, 2)} at ${d.lr}`).join(", ")}`,
      figures: () => ({ catapult: figure(plain, [0.05, 0.15, 0.2]) }),
    };
  },
});

/** Loss and sharpness on the way at three rates. */
function figure(run: Descent, rates: readonly number[]): Chart {
  const steps = Float64Array.from({ length: 61 }, (_, k) => k);
  const walks = rates.map((lr) => {
    run.reset();
    const [losses, sharpnesses] = [new Float64Array(steps.length), new Float64Array(steps.length)];
    for (const k of steps) {
      sharpnesses[k] = sharpness(run);
      losses[k] = run.step(lr).loss;
    }
    return { name: String(lr), losses, sharpnesses };
  });
  return {
    title: "The catapult: a rate too large for this minimum throws the run into a flatter one",
    subtitle: "½(uv − 1)² from (4, 0.3), by learning rate",
    panels: [
      {
        kind: "lines",
        x: { label: "step" },
        y: { label: "loss", scale: "log", domain: [1e-6, 100] },
        series: walks.map(({ name, losses: y }) => ({ name, x: steps, y, endLabel: false })),
      },
      {
        kind: "lines",
        x: { label: "step" },
        y: { label: "u² + v²", zero: true },
        series: walks.map(({ name, sharpnesses: y }) => ({ name, x: steps, y })),
      },
    ],
  };
}
