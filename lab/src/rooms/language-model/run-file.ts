/** What the controls mean as a run file: the same in the worker, in the file to take away and in tests. */
import type { Computer } from "../../lib/computers.ts";
import { optimizerSettings } from "../../lib/optimizer-choices.ts";
import { scheduleSettings } from "../../lib/schedule-choices.ts";
import type { optimizers, schedules, Text } from "./names.ts";

export interface Asked {
  readonly text: Text;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly context: number;
  readonly batch: number;
  readonly optimizer: (typeof optimizers)[number];
  readonly schedule: (typeof schedules)[number];
  readonly steps: number;
  readonly seed: number;
  /** What makes the steps; no part of the run file. */
  readonly on?: Computer;
}

const WARMUP = 0.05;

export const textFile = (text: Text): string => (text === "own" ? "my-text.txt" : `${text}.txt`);

export function runFile(asked: Asked, lr: number): Record<string, unknown> {
  const { text, layers, width, heads, context, batch, optimizer, schedule, steps, seed } = asked;
  return {
    name: text === "own" ? "my-text" : text,
    data: { text: textFile(text), context },
    model: { kind: "transformer", layers, width, heads },
    optimizer: { ...optimizerSettings(optimizer), lr },
    schedule: scheduleSettings(schedule, { warmup: WARMUP, steps }),
    clip: { globalNorm: 1 },
    batchSize: batch,
    dropLast: true, // a smaller batch leaves the GPU
    steps,
    seed,
    validation: 0.1,
  };
}
