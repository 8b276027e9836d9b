/** What the controls mean as a run file: the same in the worker, in the file to take away and in tests. */
import { optimizerSettings } from "../../lib/optimizer-choices.ts";
import type { models, optimizers, schedules } from "./names.ts";

export { type RateChange, readRates, writeRates } from "../../lib/rates.ts";

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
