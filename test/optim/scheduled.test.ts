/** Schedules of the momentum, the weight decay and of parameter groups: PyTorch's numbers, and run files. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { memoryHost } from "../../src/data/index.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import { linear } from "../../src/nn/index.ts";
import { mse } from "../../src/nn/losses/index.ts";
import { adam, adamw, parameterGroups, scheduled, sgd, type Transform } from "../../src/optim/index.ts";
import type { Schedule } from "../../src/optim/schedules/index.ts";
import { parseRun } from "../../src/run/parse-run.ts";
import { type BuiltRun, buildRun, restoreCheckpoint, train, trainStep } from "../../src/train/index.ts";

interface Golden {
  readonly batch: { readonly x: number[]; readonly y: number[] };
  readonly start: { readonly weight: number[]; readonly bias: number[] };
  readonly cases: Readonly<Record<string, { losses: number[]; weight: number[]; bias: number[] }>>;
}
const golden = JSON.parse(
  readFileSync(new URL("../golden/scheduled.json", import.meta.url), "utf8"),
) as Golden;

const rising = (k: number): number => 0.5 + (0.4 * k) / 7;
const halving = (k: number): number => 0.05 * 0.5 ** k;
const cases: Readonly<Record<string, readonly [Transform, Schedule?]>> = {
  groups: [
    parameterGroups("sgd", { lr: 0.1, momentum: 0.9, weightDecay: 0.01 }, [
      { match: ["weight"], schedule: (k) => 0.1 * 0.9 ** k },
      { match: ["bias"], options: { lr: 0.02, weightDecay: 0 }, schedule: (k) => 0.02 / (1 + k) },
    ]),
    () => Number.NaN,
  ],
  momentum: [scheduled(sgd({ lr: 0.1, momentum: 0.5 }), { momentum: rising })],
  beta: [scheduled(adam({ lr: 0.05 }), { momentum: rising })],
  decay: [
    scheduled(adamw({ lr: 0.05, weightDecay: 0.04 }), {
      weightDecay: (k) => 0.4 + 0.5 * (0.04 - 0.4) * (1 + Math.cos((Math.PI * k) / 8)),
    }),
    halving,
  ],
  "decay-with-rate": [scheduled(adamw({ lr: 0.05, weightDecay: 0.1 }), { weightDecay: "rate" }), halving],
};

describe("PyTorch's numbers", () => {
  test("of every case", () => expect(Object.keys(golden.cases)).toEqual(Object.keys(cases)));
  test.each(Object.entries(cases))("%s", (name, [optimizer, schedule]) => {
    const step = trainStep({
      model: linear(3, 2),
      loss: (output, { y }) => mse(output, y),
      optimizer,
      batch: { x: [4, 3], y: [4, 2] },
      dtype: "float64",
      ...(schedule && { schedule }),
    });
    const of = (part: string): Float64Array =>
      step.state.find((t) => t.name === `param.${part}`)!.values as Float64Array;
    of("weight").set(golden.start.weight);
    of("bias").set(golden.start.bias);
    const { losses, weight, bias } = golden.cases[name]!;
    // the groups' own schedules leave the common rate unread, but a call wants a number
    const lr = name === "groups" ? { lr: 1 } : {};
    losses.forEach((loss) => expect(step(golden.batch, lr).loss).toBeCloseTo(loss, 12));
    weight.forEach((w, i) => expect(of("weight")[i]).toBeCloseTo(w, 12));
    bias.forEach((b, i) => expect(of("bias")[i]).toBeCloseTo(b, 12));
  });
});

const base = {
  data: { source: "lesson-least-squares" },
  model: { kind: "mlp", hidden: [3] },
  optimizer: { name: "adamw", lr: 0.01, weightDecay: 0.1 },
  schedule: "constant",
  batchSize: 16,
  steps: 12,
  dtype: "float64",
};
const build = async (more: object): Promise<BuiltRun> =>
  buildRun(parseRun({ ...base, ...more }), { host: memoryHost({}), backend: wasm });
const finalOf = async (more: object): Promise<number[]> => {
  const run = await build(more);
  await train(run);
  return run.step.state.filter((t) => t.name.startsWith("param.")).flatMap((t) => [...t.values]);
};
const groups = [
  { params: "*.bias", weightDecay: 0 },
  {
    params: ["2"],
    lr: 0.02,
    schedule: { name: "linear-factor", startFactor: 1, endFactor: 0.1, totalIters: 12 },
  },
];
const falling = { name: "warmup-linear" };

describe("run files", () => {
  test("a schedule that stays at the optimizer's own number changes nothing", async () => {
    const constant = { name: "constant" };
    const plain = await finalOf({});
    expect(await finalOf({ schedules: { momentum: constant, weightDecay: constant } })).toEqual(plain);
    expect(await finalOf({ schedules: { weightDecay: "rate" } })).toEqual(plain);
    expect(await finalOf({ schedules: { weightDecay: falling } })).not.toEqual(plain);
    expect(await finalOf({ schedules: { momentum: falling } })).not.toEqual(plain);
  });

  test("a group at its own rate is a run at that rate, for its parameters", async () => {
    const one = await finalOf({ groups: [{ params: "*", schedule: { ...falling, lr: 0.03 } }] });
    expect(one).toEqual(await finalOf({ optimizer: { ...base.optimizer, lr: 0.03 }, schedule: falling }));
  });

  test("resumed, a run with all of them ends with the same bits", async () => {
    const more = {
      groups,
      schedules: { momentum: falling, weightDecay: falling },
      clip: { globalNorm: 0.5 },
    };
    const saved: Uint8Array[] = [];
    const run = await build({ ...more, checkpointEvery: 5 });
    const store = {
      appendMetrics: () => 0,
      saveCheckpoint: (which: string, bytes: Uint8Array) => {
        if (which === "last") saved.push(bytes);
      },
    };
    await train(run, { store });
    const again = await build(more);
    const from = restoreCheckpoint(saved[1]!, again.step.state, "here");
    expect(from.step).toBe(5);
    await train(again, { from });
    expect(again.step.state.map((t) => [...t.values])).toEqual(run.step.state.map((t) => [...t.values]));
  });

  test.each([
    [{ schedules: { momentum: falling }, optimizer: { name: "sgd", lr: 0.1 } }, "the momentum is scheduled, but the optimizer has none, at schedules.momentum"],
    [{ schedules: { momentum: falling }, optimizer: "adagrad" }, "adagrad has no momentum, at schedules.momentum"],
    [{ schedules: { momentum: falling }, schedule: "one-cycle" }, "two schedules move the momentum, at schedules.momentum"],
    [{ schedules: { weightDecay: falling }, optimizer: { name: "adam", lr: 0.1 } }, "the weight decay is scheduled, but it is 0"],
    [{ schedules: { weightDecay: "reduce-on-plateau" } }, "schedules.weightDecay is reduce-on-plateau, which follows a metric"],
    [{ schedules: { rate: falling } }, 'unknown key "rate" in schedules, at schedules.rate'],
    [{ groups: [{ params: "head" }] }, "no parameter matches"],
    [{ groups: [{ params: "2", beta: 1 }] }, 'adamw has no option "beta"'],
  ])("refuses %j", async (more, message) => {
    await expect(build(more)).rejects.toThrow(message);
  }); // biome-ignore format: a case a line
});
