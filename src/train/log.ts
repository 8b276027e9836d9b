/** metrics.jsonl: one JSON object a line; the first says what the run is. And the RunLog made of it. */
import type { RunLog, Series } from "../run/log.ts";
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
    stepsPerEpoch: plan.stepsPerEpoch,
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

/** A finished run's own metrics as the record that diagnosis and plots read. Throws nothing: it reads what we wrote. */
export function runLog(text: string, source: string): RunLog {
  const columns = new Map<string, { steps: number[]; values: number[] }>();
  let meta: RunLog["meta"] = {};
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const record = JSON.parse(line) as Record<string, number | string>;
    if ("schema" in record) {
      meta = record;
      continue;
    }
    for (const [name, value] of Object.entries(record)) {
      if (name === "step") continue;
      const column = columns.get(name) ?? { steps: [], values: [] };
      columns.set(name, column);
      column.steps.push(Number(record["step"]));
      column.values.push(Number(value));
    }
  }
  const roles: Readonly<Record<string, Series["role"]>> = {
    loss: "loss",
    lr: "lr",
    gradNorm: "gradNorm",
    validationLoss: "validation",
    validationAccuracy: "validationAccuracy",
    epoch: "epoch",
    clipped: "clippedShare",
  };
  return {
    source,
    format: "steepest",
    run: null,
    stepUnit: "step",
    series: [...columns].map(([name, { steps, values }]) => ({
      name,
      role: roles[name] ?? "other",
      steps: Float64Array.from(steps),
      values: Float64Array.from(values),
    })),
    notes: [],
    meta,
  };
}
