import { constant, mul, pow, sub, sum } from "../../engine/graph/index.ts";
import { chain, clipByGlobalNorm, clipByValue, sgd, type Transform } from "../../optim/index.ts";
import { stream } from "../../random/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { descent } from "../descent.ts";
import { fixed, orNever, show } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim:
    "clipping by global norm prevents exploding gradients without affecting their direction when norms are small",
  claimed: "direction is kept when norms are small",
  settings: { maxNorm: 1, lr: 0.01, start: 1.3, depth: 20, steps: 2000, seed: 1 },
  run: async (context, { maxNorm, lr, start, depth, steps, seed }) => {
    // gradients of a linear loss are its coefficients: of a small and of a large norm
    const n = 50;
    const unit = stream(seed, "gradient").normal(n);
    const length = Math.hypot(...unit);
    const clipped = (clip: Transform, norm: number): { angle: number; scale: number } => {
      const g = unit.map((x) => (x * norm) / length);
      const run = descent(context, {
        start: { x: { shape: [n], values: new Float64Array(n) } },
        loss: ({ x }) => sum(mul(x!, constant(g, { dtype: "float64" }))),
        optimizer: chain(clip, sgd({ lr: 1 })),
      });
      run.step(1);
      const step = run.at["x"]!.map((x) => -x) as Float64Array;
      const along = step.reduce((s, v, i) => s + v * unit[i]!, 0) / length;
      return {
        angle: degrees(Math.acos(Math.min(1, along / Math.hypot(...step)))),
        scale: Math.hypot(...step) / norm,
      };
    };
    const byNorm = clipByGlobalNorm(maxNorm);
    const small = clipped(byNorm, maxNorm / 2);
    const large = clipped(byNorm, 100 * maxNorm);
    const byValue = clipped(clipByValue(maxNorm / 10), 10 * maxNorm);

    // a linear recurrence of `depth` steps: output w^depth, wanted 1
    const recurrence = (clip: Transform | null): { brokenAt: number | null; gradient: number; w: number } => {
      const run = descent(context, {
        start: { w: { shape: [], values: [start] } },
        loss: ({ w }) => {
          const error = sub(pow(w!, depth), 1);
          return mul(0.5, mul(error, error));
        },
        optimizer: chain(clip, sgd({ lr })),
      });
      let gradient = 0;
      for (let k = 1; k <= steps; k++) {
        const { gradNorm, loss } = run.step(lr);
        if (Number.isFinite(gradNorm)) gradient = Math.max(gradient, gradNorm);
        if (!(loss < 1e6)) return { brokenAt: k, gradient, w: run.at["w"]![0]! };
      }
      return { brokenAt: null, gradient, w: run.at["w"]![0]! };
    };
    const [free, held] = [recurrence(null), recurrence(byNorm)];
    const final = large.angle;
    const kept = small.angle < 1e-4 && large.angle < 1e-4 && Math.abs(small.scale - 1) < 1e-12;
    return {
      summary: `turns a small gradient by ${show(small.angle, 1)}°, one 100 times too long by ${show(large.angle, 1)}°`,
      measured: { final, small, large, byValue, free, held },
      verdict: kept && free.brokenAt !== null && held.brokenAt === null ? "holds" : "does-not-hold",
      condition:
        `The global norm never turns the gradient, small or not; clipping values does, here by ${fixed(byValue.angle, 0)}°. A ` +
        `recurrence w^${depth} from ${start}: unclipped broken at step ${orNever(free.brokenAt)} (gradient ${show(free.gradient, 1)}), ` +
        `clipped at ${maxNorm} it ends at w = ${fixed(held.w, 4)}`,
    };
  },
});

const degrees = (radians: number): number => (180 * radians) / Math.PI;
