import { lessonLogisticFlipped } from "../../data/sources/lesson.ts";
import { constant, gather, mul, reshape, sum } from "../../engine/graph/index.ts";
import { bceWithLogits } from "../../nn/losses/index.ts";
import { sgd, type Tensors } from "../../optim/index.ts";
import { stream } from "../../random/index.ts";
import { mean } from "../../run/mean.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import type { LessonContext } from "../context.ts";
import { type Descent, descent } from "../descent.ts";
import { flippedMinimum, secondLoss } from "../second-program.ts";
import { timed } from "../timed.ts";
import { show, times } from "../words.ts";

/** `runs` descents side by side on mini-batches of the flipped problem, from zero weights. */
export function miniBatches(context: LessonContext, runs: number, batch: number): Descent {
  const { features, target } = lessonLogisticFlipped();
  const x = constant(Float64Array.from(features.data), { shape: [200, 5], dtype: "float64" });
  const y = constant(Float64Array.from(target.data), { dtype: "float64" });
  return descent(context, {
    start: { w: { shape: [runs, 1, 5], values: new Float64Array(runs * 5) } },
    data: { picks: { shape: [runs, batch], dtype: "int32" } },
    loss: ({ w }: Tensors, { picks }) => {
      const logits = sum(mul(gather(x, picks!), w!), { axes: [2] });
      // a mean over all runs would shrink each run's gradient
      return mul(runs, bceWithLogits(logits, reshape(gather(y, picks!), [runs, batch])));
    },
    optimizer: sgd({ lr: 1 }),
  });
}

export const experiment: Experiment = defineExperiment({
  claim: "learning-rate schedules help on real loss surfaces",
  claimed: "schedules and adaptive methods exist because guarantees break down",
  settings: { batch: 8, runs: 20, steps: 3000, seed: 1 },
  run: async (context, { batch, runs, steps, seed }) => {
    const run = miniBatches(context, runs, batch);
    const { loss: minimum } = flippedMinimum(context);
    const full = fullLoss(context);
    const excess = async (rateAt: (step: number) => number): Promise<number> => {
      run.reset();
      const random = stream(seed, "batches");
      for (let k = 0; k < steps; k++) {
        run.data["picks"]!.set(random.integers(runs * batch, 0, 200));
        run.step(rateAt(k));
        if (k % 500 === 0) await context.pause(k / steps);
      }
      const w = run.at["w"]!;
      return mean(Array.from({ length: runs }, (_, r) => full(w.subarray(5 * r, 5 * r + 5)) - minimum));
    };
    const rows: { lr: number; constant: number; cosine: number }[] = [];
    for (const lr of [0.1, 0.5, 2]) {
      const cosine = timed("CosineAnnealingLR", lr, { T_max: steps }, steps);
      rows.push({ lr, constant: await excess(() => lr), cosine: await excess(cosine.lrAt) });
    }
    const helps = rows.every((r) => r.cosine < r.constant);
    const final = rows.at(-1)!.constant / rows.at(-1)!.cosine;
    return {
      summary: `cosine leaves ${rows.map((r) => times(r.constant / r.cosine)).join(", ")} less excess loss at rates ${rows.map((r) => r.lr).join(", ")}`,
      measured: { final, minimum, rows },
      verdict: helps ? "holds" : "does-not-hold",
      condition: `Excess over the minimum, constant to cosine, mini-batches of ${batch}, mean of ${runs} runs: ${rows
        .map((r) => `${show(r.constant, 2)} to ${show(r.cosine, 2)} at ${r.lr}`)
        .join(", ")}`,
    };
  },
});

/** The loss over all samples at given weights. */
function fullLoss(context: LessonContext): (w: ArrayLike<number>) => number {
  const run = descent(context, {
    start: { w: { shape: [5, 1], values: new Float64Array(5) } },
    loss: secondLoss("flipped"),
    optimizer: sgd({ lr: 1 }),
  });
  return (w) => {
    run.at["w"]!.set(w);
    return run.step(0).loss;
  };
}
