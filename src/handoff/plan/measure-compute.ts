/** Times one process's step on this machine with the embedded engine, at the run's batch size and at half of it. */
import type { Backend } from "../../engine/backend.ts";
import type { BuiltRun } from "../../train/build.ts";
import { trainStep } from "../../train/program.ts";
import { type Compute, fitCompute } from "./scaling.ts";

/** Options of `measureCompute`. */
export interface MeasureOptions {
  readonly backend: Backend;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Milliseconds of stepping per batch size, after a warm-up of a fifth of it. */
  readonly budget?: number;
}

/** The built run's state moves on by the steps timed. */
export function measureCompute(
  built: BuiltRun,
  { backend, now, budget = 600 }: MeasureOptions,
): { readonly compute: Compute; readonly steps: number } {
  const rows = built.plan.batchSize;
  const half = Math.floor(rows / 2);
  let k = 0;
  const whole = timeSteps(() => built.advance(k++ % built.plan.stepsPerEpoch, built.lr), { now, budget });
  const timings = [{ rows, seconds: whole.seconds }];
  let steps = whole.steps;
  if (half >= 1) {
    const { parts, step } = built;
    const smaller = trainStep({ ...parts, batch: parts.shapes(half), backend, seed: built.spec.seed });
    for (const [name, view] of Object.entries(smaller.inputs))
      view.set(step.inputs[name]!.subarray(0, view.length));
    const timed = timeSteps(() => smaller.run(1, built.lr), { now, budget });
    timings.push({ rows: half, seconds: timed.seconds });
    steps += timed.steps;
  }
  return { compute: fitCompute(timings), steps };
}

/** The median, so that what else the machine does now and then stays out. */
function timeSteps(
  advance: () => unknown,
  { now, budget }: { readonly now: () => number; readonly budget: number },
): { seconds: number; steps: number } {
  const warm = now() + budget / 5;
  do advance();
  while (now() < warm);
  const times: number[] = [];
  const end = now() + budget;
  do {
    const start = now();
    advance();
    times.push(now() - start);
  } while (now() < end || times.length < 3);
  times.sort((a, b) => a - b);
  return { seconds: times[times.length >> 1]! / 1000, steps: times.length };
}
