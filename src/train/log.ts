/** metrics.jsonl: one JSON object a line; the first says what the run is. And the RunLog made of it. */

import { SeriesBuffer } from "../logs/series-buffer.ts";
import type { RunLog, Series } from "../run/log.ts";
import { isRecord } from "../run/record.ts";
import type { BuiltRun } from "./build.ts";

/** NaN and infinities as strings, as JSON has neither. */
const num = (x: number): string => (Number.isFinite(x) ? String(x) : `"${x}"`);

/** Nothing here depends on the clock or the machine: the same run writes the same bytes. */
export function metricsHeader({ spec, plan, totalSteps, parameters }: BuiltRun): string {
  return `${JSON.stringify({
    schema: "steepest.metrics/1",
    name: spec.name,
    optimizer: spec.optimizer.name,
    lr: spec.optimizer.lr,
    batchSize: plan.batchSize,
    ...(typeof spec.batchSize === "object"
      ? { batchSizes: spec.batchSize }
      : { stepsPerEpoch: plan.stepsPerEpoch }),
    totalSteps,
    parameters,
    seed: spec.seed,
    dtype: spec.dtype,
  })}\n`;
}

/** `step` counts from 1: the loss before and the norm at that update, with the lr it used. */
export function metricsLine(step: number, values: Readonly<Record<string, number>>, lr?: number): string {
  let line = `{"step":${step}`;
  for (const key in values) line += `,"${key}":${num(values[key]!)}`;
  return lr === undefined ? `${line}}\n` : `${line},"lr":${num(lr)}}\n`;
}

/** A run's own metrics as they come, and the record that diagnosis and plots read, in bounded memory. */
export interface RunLogBuilder {
  /** Whole lines. */
  readonly add: (text: string) => void;
  readonly read: (source: string) => RunLog;
}

/** Points of a series that are kept as they are; of more, the extremes. */
const MAX_POINTS = 200_000;

const ROLES: Readonly<Record<string, Series["role"]>> = {
  loss: "loss",
  lr: "lr",
  gradNorm: "gradNorm",
  validationLoss: "validation",
  validationAccuracy: "validationAccuracy",
  epoch: "epoch",
  clipped: "clippedShare",
};

export function createRunLog(): RunLogBuilder {
  const budget = { held: 0 };
  const columns = new Map<string, SeriesBuffer>();
  let meta: RunLog["meta"] = {};
  let unreadable = 0;
  const addLine = (line: string): void => {
    const record = parsed(line);
    if (record === null) unreadable++;
    else if ("schema" in record) meta = record;
    else {
      const step = Number(record["step"]);
      for (const [name, value] of Object.entries(record)) {
        if (name === "step") continue;
        const column = columns.get(name) ?? new SeriesBuffer(MAX_POINTS, budget);
        columns.set(name, column);
        column.push(step, Number(value));
      }
    }
  };
  return {
    add: (text) => {
      for (const line of text.split("\n")) if (line !== "") addLine(line);
    },
    read: (source) => ({
      source,
      format: "steepest",
      run: null,
      stepUnit: "step",
      series: [...columns].map(([name, column]) => ({
        name,
        role: Object.hasOwn(ROLES, name) ? ROLES[name]! : "other",
        ...column.snapshot(),
      })),
      notes:
        unreadable === 0
          ? []
          : [
              {
                id: "unreadable-lines",
                text: `${unreadable} lines of metrics.jsonl are damaged and left out`,
              },
            ],
      meta,
    }),
  };
}

/** A line's record; null for one that is torn or of somebody else. */
function parsed(line: string): Record<string, number | string> | null {
  try {
    const record: unknown = JSON.parse(line);
    if (!isRecord(record)) return null;
    return "schema" in record || Number.isFinite(record["step"])
      ? (record as Record<string, number | string>)
      : null;
  } catch {
    return null;
  }
}

/** The same of a whole text. */
export function runLog(text: string, source: string): RunLog {
  const log = createRunLog();
  log.add(text);
  return log.read(source);
}
