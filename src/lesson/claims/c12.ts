import { add, dot, type Expr, mul, random, sub, sum } from "../../engine/graph/index.ts";
import { sgd } from "../../optim/index.ts";
import { mean } from "../../run/mean.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import type { LessonContext } from "../context.ts";
import { type Descent, descent } from "../descent.ts";
import { fixed, orNever, percent, share, show } from "../words.ts";

const NOISES = [0, 1, 2, 3];
/** |y| beyond which a run has left the saddle for one of the minima at ±1. */
const LEFT = 0.9;

const square = (x: Expr): Expr => mul(x, x);
const noise = (n: number, key: readonly [Expr, Expr]): Expr =>
  random("normal", [n], { key, dtype: "float64" });

/** Step at which each of `runs` leaves the saddle of x²/2 − y²/2 + y⁴/4; null: not within `most`. */
function leaving(
  context: LessonContext,
  {
    y0,
    sigma,
    runs,
    lr,
    maxSteps,
    seed,
  }: Readonly<Record<"y0" | "sigma" | "runs" | "lr" | "maxSteps" | "seed", number>>,
): (number | null)[] {
  const run = descent(context, {
    start: {
      x: { shape: [runs], values: new Float64Array(runs).fill(1) },
      y: { shape: [runs], values: new Float64Array(runs).fill(y0) },
    },
    loss: ({ x, y }, _, key) => {
      const y2 = square(y!);
      const surface = add(sub(mul(0.5, square(x!)), mul(0.5, y2)), mul(0.25, square(y2)));
      // the noise on x does not matter for leaving
      return add(sum(surface), mul(sigma, dot(y!, noise(runs, key))));
    },
    optimizer: sgd({ lr }),
    seed,
  });
  const found: (number | null)[] = new Array<number | null>(runs).fill(null);
  for (let k = 1; k <= maxSteps; k++) {
    run.step();
    run.at["y"]!.forEach((y, i) => {
      if (Math.abs(y) > LEFT) found[i] ??= k;
    });
  }
  return found;
}

/** x⁴/4 − x²/2 + 0.15x: a good minimum near −1.07, a worse one near 0.91; the noise level is data. */
const twoWells = (context: LessonContext, runs: number, start: number, lr: number, seed: number): Descent =>
  descent(context, {
    start: { x: { shape: [runs], values: new Float64Array(runs).fill(start) } },
    data: { sigma: [] },
    loss: ({ x }, { sigma }, key) => {
      const x2 = square(x!);
      const wells = add(sub(mul(0.25, square(x2)), mul(0.5, x2)), mul(0.15, x!));
      return add(sum(wells), mul(sigma!, dot(x!, noise(runs, key))));
    },
    optimizer: sgd({ lr }),
    seed,
  });

export const experiment: Experiment = defineExperiment({
  claim: "the noise of SGD enables escape from saddle points and local minima",
  claimed: "noise enables escape",
  settings: { runs: 1000, steps: 1000, lr: 0.05, saddleRuns: 200, saddleLr: 0.1, saddleSigma: 0.01, seed: 1 },
  run: async (context, { runs, steps, lr, saddleRuns, saddleLr, saddleSigma, seed }) => {
    const saddle = { lr: saddleLr, maxSteps: 2000, seed };
    const [exact] = leaving(context, { ...saddle, y0: 0, sigma: 0, runs: 1 });
    const [nearly] = leaving(context, { ...saddle, y0: 1e-8, sigma: 0, runs: 1 });
    const noisy = leaving(context, { ...saddle, y0: 0, sigma: saddleSigma, runs: saddleRuns });
    const left = noisy.filter((k) => k !== null);
    const noisySteps = { mean: mean(left), max: Math.max(...left), stayed: noisy.length - left.length };

    const ends = async (start: number): Promise<number[]> => {
      const wells = twoWells(context, runs, start, lr, seed);
      const shares: number[] = [];
      for (const sigma of NOISES) {
        wells.reset();
        wells.data["sigma"]![0] = sigma;
        for (let k = 1; k <= steps; k++) {
          wells.step();
          if (k % 200 === 0) await context.pause(shares.length / NOISES.length);
        }
        shares.push(share(wells.at["x"]!, (x) => x * start < 0));
      }
      return shares;
    };
    const fromWorse = await ends(0.9);
    const fromBetter = await ends(-1.07);
    const final = Math.max(...fromWorse);
    const best = NOISES[fromWorse.indexOf(final)]!;
    const list = (shares: readonly number[]): string =>
      shares.map((s, i) => `${percent(s)} at ${NOISES[i]!}`).join(", ");
    const escapes = final > 0.5 && fromWorse[0] === 0 && exact === null && noisySteps.stayed === 0;
    return {
      summary: `noise ${best} leaves the worse minimum in ${percent(final)} of ${show(runs, 9)} runs, noise 0 in ${percent(fromWorse[0]!)}`,
      measured: {
        final,
        saddle: { exact: exact ?? null, nearly: nearly ?? null, noisy: noisySteps },
        noises: NOISES,
        fromWorse,
        fromBetter,
      },
      verdict: escapes ? "holds-if" : "does-not-hold",
      condition:
        `the noise is strong enough and not too strong: after ${show(steps, 9)} steps it has left the worse minimum in ` +
        `${list(fromWorse)}, and the better one in ${list(fromBetter)}. The saddle: without noise ${orNever(exact ?? null)} left ` +
        `from its ridge, from 1e-8 beside it at step ${orNever(nearly ?? null)}, with noise ${saddleSigma} after ` +
        `${fixed(noisySteps.mean, 0)} steps on average and ${noisySteps.max} at most (${saddleRuns} runs)`,
    };
  },
});
