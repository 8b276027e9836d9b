import { constant, matmul, mul, sub, sum } from "../../engine/graph/index.ts";
import { adagrad, adam, sgd, type Transform } from "../../optim/index.ts";
import { stream } from "../../random/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { descent } from "../descent.ts";
import { percent, share, show } from "../words.ts";

/** Columns of a sample of its own: one if positive, five if negative. */
const OWN = 5;

/** Rows of Wilson et al. 2017, section 3.3: the label, two ones, and columns that no other sample has. */
function rows(labels: readonly number[], width: number, first: number): Float64Array {
  const out = new Float64Array(labels.length * width);
  labels.forEach((y, i) => {
    const at = i * width;
    out.set([y, 1, 1], at);
    const own = at + 3 + OWN * (first + i);
    out.fill(1, own, own + (y > 0 ? 1 : OWN));
  });
  return out;
}

export const experiment: Experiment = defineExperiment({
  claim: "Adam may generalise slightly worse than SGD",
  claimed: "may generalize slightly worse",
  settings: { samples: 100, fresh: 100, positive: 0.6, steps: 6000, seed: 1 },
  run: async (context, { samples, fresh, positive, steps, seed }) => {
    const random = stream(seed, "labels");
    const draw = (n: number): number[] => Array.from(random.uniform(n), (u) => (u < positive ? 1 : -1));
    const [seen, unseen] = [draw(samples), draw(fresh)];
    const width = 3 + OWN * (samples + fresh);
    const x = constant(rows(seen, width, 0), { shape: [samples, width], dtype: "float64" });
    const y = constant(Float64Array.from(seen), { shape: [samples, 1], dtype: "float64" });
    const test = rows(unseen, width, samples);
    const train = async (
      optimizer: Transform,
    ): Promise<{ loss: number; right: number; rightNegative: number }> => {
      const run = descent(context, {
        start: { w: { shape: [width, 1], values: new Float64Array(width) } },
        loss: ({ w }) => {
          const error = sub(matmul(x, w!), y);
          return mul(0.5 / samples, sum(mul(error, error)));
        },
        optimizer,
      });
      let loss = Number.NaN;
      for (let k = 0; k < steps; k++) {
        ({ loss } = run.step());
        if (loss < 1e-29) break;
        if (k % 200 === 0) await context.pause(k / steps);
      }
      const w = run.at["w"]!;
      const correct = unseen.map((label, i) => {
        let score = 0;
        for (let j = 0; j < width; j++) score += w[j]! * test[i * width + j]!;
        return score * label > 0 ? 1 : 0;
      });
      const negatives = correct.filter((_, i) => unseen[i]! < 0);
      return { loss, right: share(correct, (c) => c === 1), rightNegative: share(negatives, (c) => c === 1) };
    };
    const runs = {
      descent: await train(sgd({ lr: 0.3 })),
      adam: await train(adam({ lr: 0.01 })),
      adagrad: await train(adagrad({ lr: 0.1 })),
    };
    const final = runs.adam.right;
    return {
      summary: `on fresh points gradient descent is right on ${percent(runs.descent.right)}, Adam on ${percent(final)}`,
      measured: { final, ...runs },
      verdict: runs.descent.right > final ? "holds-if" : "does-not-hold",
      condition:
        `many solutions fit: here (an extreme case made for it, Wilson et al. 2017) all three train to losses of ` +
        `${show(runs.descent.loss, 1)}, ${show(runs.adam.loss, 1)} and ${show(runs.adagrad.loss, 1)}, and of the fresh negatives ` +
        `gradient descent calls ${percent(runs.descent.rightNegative)} right, Adam ${percent(runs.adam.rightNegative)}, Adagrad ` +
        `${percent(runs.adagrad.rightNegative)}`,
    };
  },
});
