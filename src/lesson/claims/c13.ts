import { lessonLogistic } from "../../data/sources/lesson.ts";
import { constant, gather, input, mean as meanOf, mul, reshape, sub, sum } from "../../engine/graph/index.ts";
import { stream } from "../../random/index.ts";
import { mean } from "../../run/mean.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { show } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim: "a mini-batch gradient has lower variance than a single sample's: σ²/B",
  claimed: "lower variance than single-sample SGD",
  settings: { draws: 4000, seed: 1 },
  run: async (context, { draws, seed }) => {
    const { features, target } = lessonLogistic();
    const n = target.data.length;
    // gradients of the samples of the second program at zero weights, where every probability is ½
    const each = Float64Array.from(features.data, (x, i) => (0.5 - target.data[Math.floor(i / 5)]!) * x);
    const all = Array.from({ length: 5 }, (_, j) => mean(each.filter((_, i) => i % 5 === j)));
    const random = stream(seed, "batches");
    /** Mean square distance between a batch's gradient and that of all samples. */
    const distance = (size: number, replace: boolean): number => {
      const picks = input("picks", [draws, size], "int32");
      const table = constant(each, { shape: [n, 5], dtype: "float64" });
      const batch = meanOf(gather(table, picks), { axes: [1] });
      const error = sub(batch, constant(Float64Array.from(all), { dtype: "float64" }));
      const value = mul(1 / draws, sum(mul(error, error)));
      const program = context.backend.compile({
        inputs: [picks],
        state: [],
        outputs: [{ name: "distance", value: reshape(value, []) }],
      });
      const view = program.view("picks");
      if (replace) view.set(random.integers(draws * size, 0, n));
      else for (let d = 0; d < draws; d++) view.set(random.permutation(n).subarray(0, size), d * size);
      program.run();
      return program.view("distance")[0]!;
    };
    const sizes = [1, 8, 32, 128];
    const variance = distanceOfSamples(each, all);
    const measuredAt: number[] = [];
    const without: number[] = [];
    for (const size of sizes) {
      measuredAt.push(distance(size, true));
      without.push(distance(size, false));
      await context.pause(measuredAt.length / sizes.length);
    }
    const whole = distance(n, false);
    const theory = sizes.map((size) => variance / size);
    const agrees = measuredAt.every((v, i) => Math.abs(v / theory[i]! - 1) < 0.2);
    const list = (values: readonly number[]): string => values.map((v) => show(v)).join(" / ");
    return {
      summary: `${list(measuredAt)} for batches of ${sizes.join("/")}`,
      measured: {
        final: measuredAt[0]! / measuredAt[2]!,
        sizes,
        variances: measuredAt,
        theory,
        without,
        whole,
      },
      verdict: agrees ? "holds" : "does-not-hold",
      condition: `σ²/B is ${list(theory)}; drawn without replacement it is ${list(without)}, and ${show(whole, 1)} for all ${n} samples`,
    };
  },
});

/** Mean square distance between one sample's gradient and the mean, exactly. */
function distanceOfSamples(each: Float64Array, all: readonly number[]): number {
  let sum = 0;
  each.forEach((g, i) => {
    sum += (g - all[i % 5]!) ** 2;
  });
  return sum / (each.length / 5);
}
