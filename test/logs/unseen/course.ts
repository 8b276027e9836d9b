/** The numbers of one run: a loss that falls with noise, what is measured beside it. */
import type { Plan } from "./counters.ts";
import { type Element, type Random, whole } from "./told.ts";

export interface Course {
  readonly loss: readonly number[];
  readonly val: readonly number[];
  readonly lr: readonly number[];
  readonly gradNorm: readonly number[];
  readonly accuracy: readonly number[];
}

interface Schedule extends Element {
  /** Share of the peak at share s of the run. */
  readonly at: (s: number) => number;
}

export const SCHEDULES: readonly Schedule[] = [
  { id: "constant", half: 0, at: () => 1 },
  { id: "cosine", half: 0, at: (s) => 0.05 + 0.475 * (1 + Math.cos(Math.PI * s)) },
  { id: "warm-up", half: 1, at: (s) => (s < 0.2 ? 0.05 + 4.75 * s : 1.1 - 0.5 * s) },
  { id: "stairs", half: 1, at: (s) => 0.1 ** Math.floor(3 * s) },
];

/** What the runs of one log share: the model and the data. */
export interface Task {
  readonly floor: number;
  readonly top: number;
}

export const taskOf = (random: Random): Task => ({ floor: 0.15 + 0.6 * random(), top: 0.8 + 4 * random() });

export function courseOf(random: Random, points: number, { floor, top }: Task, schedule: Schedule): Course {
  const rate = 3 + 3 * random();
  const scatter = 0.02 + 0.06 * random();
  const peak = [1e-4, 3e-4, 1e-3, 0.01, 0.05][whole(random, 0, 4)]!;
  const share = Array.from({ length: points }, (_, i) => i / (points - 1));
  const level = (s: number): number => floor + top * Math.exp(-rate * s);
  const noisy = (x: number): number => x * (1 + scatter * (2 * random() - 1));
  return {
    loss: share.map((s) => noisy(level(s))),
    val: share.map((s) => noisy(level(s) * 1.08 + 0.05)),
    lr: share.map((s) => peak * schedule.at(s)),
    gradNorm: share.map((s) => noisy(0.4 + 1.5 * Math.exp(-2 * s))),
    accuracy: share.map((s) => Math.min(0.999, noisy(0.9 - 0.75 * Math.exp(-rate * s)))),
  };
}

export function planOf(random: Random): Plan {
  const perEpoch = whole(random, 5, 12);
  const every = [1, 5, 10, 20, 50, 100][whole(random, 0, 5)]!;
  return {
    points: perEpoch * whole(random, 4, 8),
    every,
    perEpoch,
    batches: perEpoch * every - (every > 1 ? whole(random, 0, every - 1) : 0),
    base: whole(random, 0, 1),
  };
}
