import { gather, mean as meanOf, mul, sub } from "../../engine/graph/index.ts";
import { adagrad, adam, sgd, type Transform } from "../../optim/index.ts";
import { stream } from "../../random/index.ts";
import { mean } from "../../run/mean.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { descent } from "../descent.ts";
import { show } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim:
    "without Adam's larger updates for rare parameters, rare tokens learn much more slowly than frequent ones",
  claimed: "rare word embeddings receive insignificantly small updates",
  settings: { vocabulary: 1000, batch: 32, steps: 2000, seed: 1 },
  run: async (context, { vocabulary, batch, steps, seed }) => {
    const random = stream(seed, "zipf");
    const targets = random.uniform(vocabulary).map((u) => (u < 0.5 ? -1 : 1));
    // Zipf: the i-th token comes 1/i as often as the first
    const weights = Array.from({ length: vocabulary }, (_, i) => 1 / (i + 1));
    let sum = 0;
    const cumulative = Float64Array.from(weights, (w) => (sum += w));
    const tokens = Int32Array.from(random.uniform(steps * batch), (u) => below(cumulative, u * sum));
    const rare = Math.floor(vocabulary / 2);
    /** Mean square error of the rarer half and of the ten most frequent tokens in the end. */
    const errors = async (optimizer: Transform): Promise<{ rare: number; frequent: number }> => {
      const run = descent(context, {
        start: { w: { shape: [vocabulary], values: new Float64Array(vocabulary) } },
        data: { token: { shape: [batch], dtype: "int32" }, target: [batch] },
        loss: ({ w }, { token, target }) => {
          const error = sub(gather(w!, token!), target!);
          return mul(0.5, meanOf(mul(error, error)));
        },
        optimizer,
      });
      for (let k = 0; k < steps; k++) {
        const drawn = tokens.subarray(k * batch, (k + 1) * batch);
        run.data["token"]!.set(drawn);
        run.data["target"]!.set(Array.from(drawn, (t) => targets[t]!));
        run.step();
        if (k % 500 === 0) await context.pause(0.5);
      }
      const square = run.at["w"]!.map((w, i) => (w - targets[i]!) ** 2);
      return { rare: mean(square.slice(rare)), frequent: mean(square.slice(0, 10)) };
    };
    const runs = {
      "SGD 1": await errors(sgd({ lr: 1 })),
      "SGD 10": await errors(sgd({ lr: 10 })),
      "Adagrad 0.5": await errors(adagrad({ lr: 0.5 })),
      "Adam 0.01": await errors(adam({ lr: 0.01 })),
      "Adam 0.1": await errors(adam({ lr: 0.1 })),
    };
    const final = runs["SGD 1"].rare;
    const slow = final > 10 * runs["SGD 1"].frequent && final > runs["Adam 0.01"].rare;
    return {
      summary: `SGD at 1 leaves ${show(final)} of the rare half's error, Adam at 0.01 ${show(runs["Adam 0.01"].rare)}`,
      measured: { final, runs },
      verdict: !slow ? "does-not-hold" : runs["SGD 10"].rare < runs["Adam 0.01"].rare ? "holds-if" : "holds",
      condition:
        `something else keeps SGD's rate low: at 10 it leaves ${show(runs["SGD 10"].rare)}, Adagrad at 0.5 ` +
        `${show(runs["Adagrad 0.5"].rare)}, and Adam at 0.1 overshoots (${show(runs["Adam 0.1"].rare)})`,
    };
  },
});

/** The first place whose cumulative weight exceeds u. */
function below(cumulative: Float64Array, u: number): number {
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > u) high = middle;
    else low = middle + 1;
  }
  return low;
}
