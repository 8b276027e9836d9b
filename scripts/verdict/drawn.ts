/** What later families have in common: how they are numbered, tables made row by row, optimizers and schedules of their own. */
import type { TrainStepOptions } from "../../src/train/index.ts";
import { type Draws, draws } from "./draws.ts";
import type { Table, Task } from "./families.ts";

/** The tasks of each kind by their number, each from a seed of its own; `finish` draws what kinds have in common. */
export const familiesOf = (
  kinds: readonly (readonly [name: string, make: (d: Draws) => Task])[],
  seed: number,
  finish: (d: Draws, task: Task, name: string) => Task,
): Readonly<Record<string, (k: number) => Task>> =>
  Object.fromEntries(
    kinds.map(([name, make], i) => [
      name,
      (k: number) => {
        const d = draws(seed + 500 * i + k);
        return finish(d, make(d), name);
      },
    ]),
  );

/** An optimizer at rate 1, and the highest rate that is tried with it. */
export type Trainer = readonly [make: () => TrainStepOptions["optimizer"], top: number];

/** The task with one of these optimizers, and in four cases of ten at a constant rate. */
export function trainedBy(
  d: Draws,
  task: Task,
  optimizers: readonly Trainer[],
  schedules: readonly string[],
): Task {
  const [make, highest] = d.pick(optimizers);
  const schedule = d.uniform() < 0.4 ? "constant" : d.pick(schedules);
  return { ...task, optimizer: make(), highest, schedule };
}

export function made(
  rows: number,
  width: number,
  targets: number,
  row: (x: Float64Array, y: Float64Array) => void,
): Table {
  const [x, y] = [new Float64Array(rows * width), new Float64Array(rows * targets)];
  for (let i = 0; i < rows; i++)
    row(x.subarray(i * width, (i + 1) * width), y.subarray(i * targets, (i + 1) * targets));
  return { x, y, width, targets };
}

/** Rows in a batch of the task. */
export const sizeOf = (task: Task): number => (task.batch["x"] as readonly number[])[0]!;
