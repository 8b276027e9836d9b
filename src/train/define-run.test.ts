/** What the type of a run promises. `tsc` is the judge of the marked lines. */
import { expect, test } from "vitest";
import * as losses from "../nn/losses/index.ts";
import * as optim from "../optim/index.ts";
import { defineRun } from "./define-run.ts";

const common = { data: { source: "digits" }, model: { kind: "linear" } } as const;

test("names and options are those of the tables", () => {
  const run = defineRun({
    ...common,
    loss: { name: "huber", delta: 2 },
    optimizer: { name: "schedule-free-adamw", lr: "auto", weightDecay: 0.1, caution: "mean" },
    schedule: { name: "warmup-cosine", warmupSteps: 10 },
    clip: { globalNorm: 1, errorIfNonfinite: true },
  });
  expect(run.optimizer).toMatchObject({ name: "schedule-free-adamw" });
});

test("a misspelt name or option is a type error", () => {
  // @ts-expect-error: there is no adamx
  defineRun({ ...common, optimizer: "adamx" });
  // @ts-expect-error: the option is called weightDecay
  defineRun({ ...common, optimizer: { name: "adamw", weight_decay: 0.1 } });
  // @ts-expect-error: sgd has no betas
  defineRun({ ...common, optimizer: { name: "sgd", betas: [0.9, 0.99] } });
  // @ts-expect-error: the option is called warmupSteps
  defineRun({ ...common, optimizer: "sgd", schedule: { name: "warmup-cosine", warmup: 10 } });
  // @ts-expect-error: huber's option is delta
  defineRun({ ...common, optimizer: "sgd", loss: { name: "huber", beta: 1 } });
  // @ts-expect-error: the clip is called globalNorm
  defineRun({ ...common, optimizer: "sgd", clip: { globalnorm: 1 } });
  // @ts-expect-error: the key is batchSize
  defineRun({ ...common, optimizer: "sgd", batchsize: 8 });
  // @ts-expect-error: the key is hidden
  defineRun({ ...common, model: { kind: "mlp", hiden: [8] }, optimizer: "sgd" });
});

const kebab = (name: string): string => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

test("every row is reached: its function's name in kebab case is the row's name", () => {
  const made = Object.entries(optim).filter(([, o]) => typeof o === "function" && "row" in o);
  expect(made.map(([name]) => kebab(name)).sort()).toEqual(optim.optimizers.map((o) => o.name).sort());
  const names = Object.keys(losses).map(kebab);
  expect(losses.lossTable.map((l) => l.name).filter((name) => !names.includes(name))).toEqual([]);
});
