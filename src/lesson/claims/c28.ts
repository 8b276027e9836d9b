import { linear, sequential, streamInit } from "../../nn/index.ts";
import * as losses from "../../nn/losses/index.ts";
import { adam, sgd, type Transform } from "../../optim/index.ts";
import { stream } from "../../random/index.ts";
import { trainStep } from "../../train/program.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import type { LessonContext } from "../context.ts";
import { fixed, last, show } from "../words.ts";

interface Task {
  readonly samples: number;
  readonly classes: number;
  readonly x: Float32Array;
  readonly y: Int32Array;
  /** Samples of the rarest classes come last: from here on. */
  readonly rare: number;
}

/**
 * Classes as words are: group k has 2^k classes of 2^(top−k) samples each, so that every group has as many samples and
 * the frequencies are a Zipf law (Kunstner et al. 2024). Features are uniform and say nothing of the class: each sample has to be
 * learnt by its class's own weights.
 */
function zipfClasses(top: number, dimensions: number, seed: number): Task {
  const labels: number[] = [];
  let classes = 0;
  for (let k = 0; k <= top; k++) {
    for (let c = 0; c < 2 ** k; c++, classes++) for (let i = 0; i < 2 ** (top - k); i++) labels.push(classes);
  }
  const samples = labels.length;
  const x = Float32Array.from(stream(seed, "features").uniform(samples * dimensions));
  return { samples, classes, x, y: Int32Array.from(labels), rare: samples - 2 ** top };
}

async function train(
  context: LessonContext,
  task: Task,
  optimizer: Transform,
  { steps, rates, seed, done }: { steps: number; rates: readonly number[]; seed: number; done: () => number },
): Promise<{ lr: number; loss: number; rare: number }> {
  const { samples, classes, x, y, rare } = task;
  const dimensions = x.length / samples;
  const step = trainStep({
    model: sequential(linear(dimensions, classes)),
    loss: (output, batch) => losses.softmaxCrossEntropy(output, batch["y"]!),
    optimizer,
    batch: { x: [samples, dimensions], y: { shape: [samples], dtype: "int32" } },
    backend: context.backend,
    init: streamInit(stream(seed, "init")),
  });
  step.inputs["x"]!.set(x);
  step.inputs["y"]!.set(y);
  const first = step.state.map((s) => s.values.slice());
  let best = { lr: Number.NaN, loss: Number.POSITIVE_INFINITY, rare: Number.NaN };
  for (const lr of rates) {
    step.state.forEach((s, i) => {
      s.values.set(first[i]!);
    });
    const curve: number[] = [];
    for (let k = 1; k <= steps; k++) {
      curve.push(step.run(k, lr).loss);
      await context.pause(done() + k / steps / 20);
    }
    if (last(curve) >= best.loss) continue;
    const [weight, bias] = [step.state[0]!.values, step.state[1]!.values];
    best = { lr, loss: last(curve), rare: rareLoss({ weight, bias, x, y, rare, dimensions, classes }) };
  }
  return best;
}

/** Mean loss of the samples whose class has no other: 16 of them. */
function rareLoss({
  weight,
  bias,
  x,
  y,
  rare,
  dimensions,
  classes,
}: {
  weight: ArrayLike<number>;
  bias: ArrayLike<number>;
  x: Float32Array;
  y: Int32Array;
  rare: number;
  dimensions: number;
  classes: number;
}): number {
  const looked = Math.min(16, y.length - rare);
  let total = 0;
  for (let i = rare; i < rare + looked; i++) {
    let [sum, own] = [0, 0];
    for (let c = 0; c < classes; c++) {
      let z = bias[c]!;
      for (let j = 0; j < dimensions; j++) z += weight[c * dimensions + j]! * x[i * dimensions + j]!;
      sum += Math.exp(z);
      if (c === y[i]) own = z;
    }
    total += Math.log(sum) - own;
  }
  return total / looked;
}

export const experiment: Experiment = defineExperiment({
  claim: "Adam converges faster than SGD on language",
  claimed: "Adam converges faster than SGD on NLP tasks",
  settings: { groups: 7, dimensions: 200, smallGroups: 4, steps: 100, seed: 1 },
  run: async (context, { groups, dimensions, smallGroups, steps, seed }) => {
    let runs = 0;
    const done = (): number => Math.min(1, runs++ / 1000);
    const both = async (
      top: number,
    ): Promise<{
      classes: number;
      samples: number;
      sgd: Awaited<ReturnType<typeof train>>;
      adam: Awaited<ReturnType<typeof train>>;
    }> => {
      const task = zipfClasses(top, dimensions, seed);
      const options = { steps, seed, done };
      return {
        classes: task.classes,
        samples: task.samples,
        sgd: await train(context, task, sgd({ lr: 1, momentum: 0.9 }), { ...options, rates: [0.1, 0.2] }),
        adam: await train(context, task, adam({ lr: 1 }), { ...options, rates: [0.01, 0.03] }),
      };
    };
    const heavy = await both(groups);
    const light = await both(smallGroups);
    const final = heavy.sgd.loss / heavy.adam.loss;
    return {
      summary: `after ${steps} steps SGD with momentum ${fixed(heavy.sgd.loss, 3)}, Adam ${fixed(heavy.adam.loss, 3)}`,
      measured: { final, heavy, light },
      verdict: final > 1.5 ? "holds-if" : "does-not-hold",
      condition:
        `classes have a long tail as words do: ${heavy.classes} classes, each size shared by as many samples; the loss of classes seen ` +
        `once is ${show(heavy.sgd.rare)} against ${show(heavy.adam.rare)} (best rates ${heavy.sgd.lr} and ${heavy.adam.lr}). With ` +
        `${light.classes} classes it is ${fixed(light.sgd.loss, 3)} against ${fixed(light.adam.loss, 3)}`,
    };
  },
});
