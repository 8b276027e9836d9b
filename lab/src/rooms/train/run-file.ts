/** What the controls mean as a run file: the same in the worker, in the file to take away and in tests. */
import type { Computer } from "../../lib/computers.ts";
import { optimizerSettings } from "../../lib/optimizer-choices.ts";
import { type RateChange, readRates } from "../../lib/rates.ts";
import { scheduleSettings } from "../../lib/schedule-choices.ts";
import { type dataSets, type models, optimizers, type schedules } from "./names.ts";

export type OptimizerName = (typeof optimizers)[number];

export interface Asked {
  readonly data: (typeof dataSets)[number];
  /** Of the reader's own table: its name, and the column to learn. */
  readonly file?: string;
  readonly target?: string;
  readonly model: (typeof models)[number];
  readonly hidden: number;
  readonly optimizer: OptimizerName;
  readonly schedule: (typeof schedules)[number];
  readonly batch: number;
  readonly steps: number;
  readonly seed: number;
  /** What makes the steps; no part of the run file. */
  readonly on?: Computer;
}

const warmup = 0.1;
const sources = { digits: "digits", spirals: "two-spirals", circles: "two-circles" } as const;

export function runFile(asked: Asked, lr: number): Record<string, unknown> {
  const { data, optimizer, schedule, batch, steps, seed } = asked;
  return {
    name: data,
    data: dataOf(asked),
    model: modelOf(asked),
    optimizer: { ...optimizerSettings(optimizer), lr },
    schedule: scheduleSettings(schedule, { warmup, steps }),
    // the digits have a test set of their own
    validation: data === "digits" ? 0 : 0.25,
    batchSize: batch,
    steps,
    seed,
  };
}

function dataOf({ data, file = "table.csv", target = "" }: Asked): Record<string, unknown> {
  if (data !== "csv") return { source: sources[data] };
  return {
    csv: file,
    target,
    task: "classification",
    missing: "drop",
    standardize: true,
  };
}

function modelOf({ data, model, hidden }: Asked): Record<string, unknown> {
  if (model === "cnn" && data === "digits") {
    return { kind: "cnn", image: [1, 28, 28], channels: [6, 12], kernel: 5 };
  }
  return {
    kind: "mlp",
    hidden: model === "mlp2" ? [hidden, hidden] : [hidden],
    // smooth units bend around points (of relu, tanh and gelu only gelu learns the spirals in 3000 steps)
    ...(data !== "digits" && { activation: "gelu" }),
  };
}

/** From a step on, a rate, and where it is another one, an optimizer. */
export type Change = RateChange<OptimizerName>;
export const readChanges = (text: string): Change[] | null => readRates(text, optimizers);
