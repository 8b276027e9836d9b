/** What the controls mean as a run file: the same in the worker, in the file to take away and in tests. */
import { optimizerSettings } from "../../lib/optimizer-choices.ts";
import type { models, optimizers, schedules } from "./names.ts";

export interface Asked {
  readonly model: (typeof models)[number];
  readonly hidden: number;
  readonly optimizer: (typeof optimizers)[number];
  readonly schedule: (typeof schedules)[number];
  readonly batch: number;
  readonly steps: number;
  readonly seed: number;
}

const warmup = 0.1;

export function runFile(
  { model, hidden, optimizer, schedule, batch, steps, seed }: Asked,
  lr: number,
): Record<string, unknown> {
  return {
    name: "digits",
    data: { source: "digits" },
    model:
      model === "mlp"
        ? { kind: "mlp", hidden: [hidden] }
        : { kind: "cnn", image: [1, 28, 28], channels: [6, 12], kernel: 5 },
    optimizer: { ...optimizerSettings(optimizer), lr },
    schedule:
      schedule === "constant"
        ? { name: schedule }
        : { name: schedule, warmupSteps: Math.ceil(warmup * steps) },
    batchSize: batch,
    steps,
    seed,
  };
}

/** From a step on, a rate. */
export type RateChange = readonly [step: number, lr: number];

/** "0:0.05,120:0.01"; null when it is no such list, rising from step 0. */
export function readRates(text: string): RateChange[] | null {
  const changes = text.split(",").map((part): RateChange => {
    const [step, lr, ...rest] = part.split(":").map(Number);
    return rest.length === 0 ? [step ?? Number.NaN, lr ?? Number.NaN] : [Number.NaN, Number.NaN];
  });
  const fine = changes.every(
    ([step, lr], i) =>
      Number.isInteger(step) && lr > 0 && lr <= 10 && (i === 0 ? step === 0 : step > changes[i - 1]![0]),
  );
  return fine ? changes : null;
}

export const writeRates = (changes: readonly RateChange[]): string =>
  changes.length < 2 ? "" : changes.map(([step, lr]) => `${step}:${lr}`).join(",");
