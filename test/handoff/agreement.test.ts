/** Same weights, same batches, same formulas: the embedded engine and PyTorch make the same steps. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { lossTable } from "../../src/nn/losses/index.ts";
import { optimizers } from "../../src/optim/optimizers.ts";
import { folder } from "../cli/steepest.ts";
import {
  checkpoint,
  difference,
  distance,
  exportAndTrain,
  metricsOf,
  type Pair,
  runProjects,
  torch,
} from "./torch.ts";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const examples = here("../../examples/");

const base = {
  data: { source: "lesson-logistic" },
  model: { kind: "mlp", hidden: [8], activation: "tanh" },
  loss: "bce-with-logits",
  optimizer: "sgd",
  schedule: { name: "warmup-cosine", warmupSteps: 5 },
  clip: { globalNorm: 0.5 },
  batchSize: 48,
  steps: 50,
  dtype: "float64",
  validation: 0.1,
};

const cycleThenNone = {
  name: "join",
  schedules: [{ name: "one-cycle" }, { name: "step", stepSize: 10 }],
  boundaries: [25],
};

type Case = readonly [string, object];

interface Group {
  readonly title: string;
  readonly cases: readonly Case[];
  readonly tolerance?: number;
  /** Flags of train.py. */
  readonly flags?: string;
}

async function check({ cases, tolerance = 1e-9 }: Group, pairs: ReadonlyMap<Case, Pair>): Promise<void> {
  const wrong: string[] = [];
  for (const one of cases) {
    const [name] = one;
    const pair = pairs.get(one)!;
    const theirs = checkpoint(pair.folder);
    const apart = difference(pair.ours, theirs);
    if (!(apart <= tolerance)) wrong.push(`${name}: ${apart}`);
    if (!(distance(pair.folder, theirs) > 1e-5)) wrong.push(`${name}: did not move`);
    const a = metricsOf(pair.metrics);
    const b = metricsOf(readFileSync(join(pair.folder, "metrics.jsonl"), "utf8"));
    const columns = (lines: typeof a): string => lines.map((l) => `${l.step} ${Object.keys(l)}`).join();
    if (columns(a) !== columns(b)) wrong.push(`${name}: other lines of metrics`);
    a.forEach((line, i) => {
      for (const key of Object.keys(line)) {
        const d = Math.abs(line[key]! - b[i]![key]!) / Math.max(1, Math.abs(line[key]!));
        if (!(d <= tolerance)) wrong.push(`${name}: ${key} at ${line.step} differs by ${d}`);
      }
    });
  }
  expect(wrong.slice(0, 5)).toEqual([]);
}

const headline: readonly Case[] = [
  ["SGD with momentum", { optimizer: { name: "sgd", lr: 0.05, momentum: 0.9 } }],
  ["Adam", { optimizer: { name: "adam", lr: 0.01 } }],
  ["AdamW", { optimizer: { name: "adamw", lr: 0.01, weightDecay: 0.05 } }],
  ["LAMB", { optimizer: { name: "lamb", lr: 0.01, weightDecay: 0.05 } }],
];

const images = {
  data: { npy: here("images.npy"), target: here("labels.npy"), task: "classification" },
  batchSize: 7,
  validation: 0.2,
  steps: 12,
};
const example = (name: string): object => JSON.parse(readFileSync(`${examples}${name}`, "utf8")) as object;
const { epochs: _, ...digits } = example("digits.json") as { epochs: number };
const silu = { kind: "mlp", hidden: [6], activation: "silu" };
const text = {
  data: { text: here("../golden/text.txt"), context: 32 },
  model: { kind: "transformer", layers: 2, width: 32, heads: 2 },
  loss: "softmax-cross-entropy",
  optimizer: { name: "adamw", lr: 0.01 },
  batchSize: 16,
  steps: 20,
};

const groups: readonly Group[] = [
  { title: "agree to 1e-9 after 50 steps in float64, with warm-up, cosine and clipping", cases: headline },
  {
    title: "agree to 1e-4 in float32",
    cases: headline.map(([name, record]) => [name, { ...record, dtype: "float32" }] as const),
    tolerance: 1e-4,
  },
  {
    title: "agree for every optimizer that has a form in PyTorch",
    cases: optimizers
      .filter((o) => !o.needs.includes("evaluate") && !o.needs.includes("key") && o.name !== "soap")
      // a line search wants one batch
      .map(({ name }): Case => [
        name,
        {
          optimizer: { name },
          steps: 20,
          ...(name === "lbfgs" ? { batchSize: "full", steps: 8 } : {}),
          ...(name === "rprop" ? { schedule: "constant" } : {}),
        },
      ]),
  },
  {
    title: "agree for options that take other paths",
    cases: [        ["sgd, dampened", { optimizer: { name: "sgd", lr: 0.05, momentum: 0.9, dampening: 0.3, weightDecay: 0.1 } }],
        ["sgd, nesterov", { optimizer: { name: "sgd", lr: 0.05, momentum: 0.9, nesterov: true } }],
        ["sgdw", { optimizer: { name: "sgd", lr: 0.05, weightDecay: 0.1, decoupledWeightDecay: true } }],
        ["adam, amsgrad", { optimizer: { name: "adam", amsgrad: true, weightDecay: 0.1 } }],
        ["adam, cold start", { optimizer: { name: "adam", biasCorrection: false } }],
        ["rmsprop, centred", { optimizer: { name: "rmsprop", centered: true, momentum: 0.9 } }],
        ["lamb, limited", { optimizer: { name: "lamb", trustClip: true, phiMax: 1, phiMin: 0.1 } }],
        ["lars, plain", { optimizer: { name: "lars", momentum: 0, eps: 1e-3 } }],
        ["adan, as AdamW", { optimizer: { name: "adan", weightDecay: 0.1, noProx: true } }],
        ["clip by value", { clip: { value: 0.01 }, optimizer: { name: "adam" } }],
        ["clip by the largest entry", { clip: { globalNorm: 0.1, p: null } }],
        ["clip per unit", { clip: { adaptive: 0.01 } }],
        ["clip by percentile", { clip: { percentile: 50 }, optimizer: { name: "adam" } }],
        ["one cycle, momentum too", { schedule: { name: "one-cycle" }, optimizer: { name: "sgd", lr: 0.05, momentum: 0.9 } }],
        ["one cycle, Adam's first beta", { schedule: { name: "one-cycle" }, optimizer: { name: "adam" } }],
        ["a cycle of momentum, then none, with betas", { schedule: cycleThenNone, optimizer: { name: "adam", betas: [0.7, 0.999] } }],
        ["a cycle of momentum, then none, with momentum", { schedule: cycleThenNone, optimizer: { name: "sgd", lr: 0.05, momentum: 0.6 } }],
        ["a cycle of momentum, then none, traced", { schedule: cycleThenNone, optimizer: { name: "amsgrad", betas: [0.7, 0.999] } }],
        ["one cycle, traced", { schedule: { name: "one-cycle" }, optimizer: { name: "amsgrad" } }],
        ["a rate that follows the loss", {
          schedule: { name: "ReduceLROnPlateau", patience: 0, threshold: 0.2, min_lr: 1e-4 },
          optimizer: { name: "sgd", lr: 0.1 },
        }],
        ["batches that grow, with the rate", { batchSize: { sizes: [6, 12, 48], starts: [0, 7, 20], lrScaling: "sqrt" } }],
        ["batches that grow, last ones dropped", { batchSize: { sizes: [6, 48], starts: [0, 100], unit: "examples" }, dropLast: true }],
        ["momentum on a schedule of its own", { schedules: { momentum: { name: "ramp", startLr: 0.5, endLr: 0.9, steps: 40 } }, optimizer: { name: "adam", lr: 0.01 } }],
        ["groups, and decay that goes with the rate", { groups: [{ params: "*.bias", lr: 0.02, weightDecay: 0.3 }], schedules: { weightDecay: "rate" }, optimizer: { name: "adamw", lr: 0.01, weightDecay: 0.1 } }],
        ["rows in order, last batch dropped", { shuffle: false, dropLast: true }],
],
  },
  {
    title: "agree for every loss",
    cases: lossTable.map(({ name, target, output }): Case => {
      if (target === "class") return [name, { ...images, model: { kind: "linear" }, loss: name }];
      const data = { source: output === "value" ? "lesson-least-squares" : "lesson-logistic" };
      return [name, { data, model: silu, loss: name, optimizer: { name: "sgd", lr: 0.01 }, steps: 20 }];
    }),
  },
  {
    title: "agree for every kind of layer, in training and in evaluation",
    cases: [
      ["frozen layers", { ...images, model: { kind: "cnn", channels: [4, 4], batchNorm: true }, freeze: ["0", "1.bias"], loss: "softmax-cross-entropy", optimizer: { name: "adamw", lr: 0.01, weightDecay: 0.1 } }],
      ["frozen layers of an own model", { ...images, model: { module: here("every-layer.ts") }, freeze: ["*.weight_hh_l0"], loss: "softmax-cross-entropy", optimizer: { name: "amsgrad", lr: 0.01 } }],
      ["layers", { ...images, model: { module: here("every-layer.ts") }, loss: "softmax-cross-entropy", optimizer: { name: "adam", lr: 0.01 } }],
      ["batch norm", { ...images, model: { kind: "cnn", channels: [4], batchNorm: true }, loss: "softmax-cross-entropy", optimizer: "adam" }],
      ["own model and own loss", {
        data: { source: "lesson-least-squares" },
        model: { module: `${examples}own-model.ts` },
        loss: { module: `${examples}own-model.ts` },
        optimizer: { name: "adam", lr: 0.01 },
      }],
    ],
  },
  {
    title: "agree for the lesson's walkthrough, the digits' convolutions and a small transformer",
    cases: [
      ["lesson", { ...example("lesson.json"), schedule: "constant", steps: undefined, clip: undefined, epochs: 60 }],
      ["digits", { ...digits, steps: 6, validation: 0.02 }],
      ["text", text],
      ["text, four times as wide as its base", { ...text, model: { ...text.model, layers: 1, parametrization: "mup", baseWidth: 8 } }],
      ["text, tied, the next character", {
        ...text,
        model: { kind: "transformer", layers: 1, width: 16, heads: 2, tied: true, predict: "next", activation: "relu" },
      }],
    ],
  },
  {
    title: "agree when each batch is worked through in pieces, and rows are kept on the device",
    cases: [
      ["pieces", { optimizer: { name: "adam", lr: 0.01 } }],
      // its rows are windows that overlap
      ["pieces of text", { ...text, model: { ...text.model, layers: 1 } }],
    ],
    flags: "--accumulate 5 --data device",
  },
]; // biome-ignore format: tables

describe.skipIf(torch === null)("the embedded engine and PyTorch", () => {
  const pairs = new Map<Case, Pair>();
  beforeAll(async () => {
    const root = folder();
    for (const one of groups.flatMap((g) => g.cases))
      pairs.set(one, await exportAndTrain({ ...base, ...one[1] }, join(root, String(pairs.size))));
    for (const flags of new Set(groups.map((g) => g.flags ?? ""))) {
      const these = groups.filter((g) => (g.flags ?? "") === flags).flatMap((g) => g.cases);
      runProjects(
        these.map((one) => pairs.get(one)!.folder),
        flags,
      );
    }
  });
  for (const group of groups) test(group.title, () => check(group, pairs));
});
