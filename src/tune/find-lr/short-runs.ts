/**
 * Short runs: the run in miniature at one learning rate after another. Each starts from fresh weights and follows the
 * run's own schedule squeezed into a few dozen steps. The sweep passes a rate in one step; these stay.
 */
import { mean, type Trial } from "./range-test.ts";

/** The schedule as it goes from 0 to 1 of the run: a factor of at most 1 on the peak rate, and momentum if it sets one. */
export type Squeezed = (share: number) => { readonly factor: number; readonly momentum: number | undefined };

export interface ShortRunOptions {
  readonly seeds: readonly number[];
  /** Loss of the untrained weights, for each seed. */
  readonly starts: readonly number[];
  /** Where to begin looking. */
  readonly near: number;
  readonly steps: number;
  readonly schedule: Squeezed;
  readonly onRate?: (lr: number) => void;
  readonly pulse?: () => Promise<void> | undefined;
}

export interface ShortRun {
  readonly lr: number;
  /** Mean loss of the last third of the steps, for each seed; Infinity where it became no number. */
  readonly losses: readonly number[];
}

/** What the short runs of one seed say. */
export interface SeedStretch {
  /** Between these the loss is within a tenth of the gain of its least. `low` is null when no rate was too low. */
  readonly low: number | null;
  readonly high: number | null;
  readonly least: number;
  /** The rate of the least loss. */
  readonly best: number;
}

/** Neighbouring rates differ by this factor. */
const FACTOR = 2;
/** Bisections of the place where the loss rises: each halves the distance in log lr. */
const BISECTIONS = 3;
const MOST_RATES = 20;
/** Share of the gain that the loss may be above its least. */
const LEVEL = 0.1;

/** Runs at `near`, then lower and higher until the loss is clearly worse on both sides, then closes in on the rise. */
export async function shortRuns(trial: Trial, options: ShortRunOptions): Promise<ShortRun[]> {
  const { seeds, starts, near } = options;
  const runs: ShortRun[] = [];
  const run = async (lr: number): Promise<void> => {
    const losses: number[] = [];
    options.onRate?.(lr);
    for (const seed of seeds) losses.push(await shortRun(trial, lr, { ...options, seed }));
    runs.push({ lr, losses });
    runs.sort((a, b) => a.lr - b.lr);
  };
  await run(near);
  while (runs.length < MOST_RATES) {
    const stretches = seeds.map((_, s) => stretchOf(runs, s, starts[s]!));
    // where nothing was gained at all there is no upper end to look for
    const gained = stretches.some((b, s) => b.least < starts[s]!);
    if (gained && stretches.some((b) => b.high === null)) await run(runs.at(-1)!.lr * FACTOR);
    else if (stretches.some((b) => b.low === null)) await run(runs[0]!.lr / FACTOR);
    else break;
  }
  for (let k = 0; k < BISECTIONS; k++) {
    const edges = seeds.flatMap((_, s) => stretchOf(runs, s, starts[s]!).high ?? []);
    if (edges.length === 0) break;
    const edge = Math.exp(mean(edges.map(Math.log)));
    const above = runs.findIndex((r) => r.lr > edge);
    if (above < 1) break;
    await run(Math.sqrt(runs[above - 1]!.lr * runs[above]!.lr));
  }
  return runs;
}

async function shortRun(
  trial: Trial,
  lr: number,
  { seed, steps, schedule, pulse }: ShortRunOptions & { seed: number },
): Promise<number> {
  const tail: number[] = [];
  trial.restart(seed);
  for (let k = 0; k < steps; k++) {
    const { factor, momentum } = schedule((k + 0.5) / steps);
    const loss = trial.step(lr * factor, momentum);
    await pulse?.();
    if (!Number.isFinite(loss)) return Number.POSITIVE_INFINITY;
    if (k >= (2 * steps) / 3) tail.push(loss);
  }
  return mean(tail);
}

/** A loss above the start is as bad as one at the start: how far it went up says nothing about lower rates. */
export function stretchOf(runs: readonly ShortRun[], seed: number, start: number): SeedStretch {
  const y = runs.map((r) => Math.min(start, r.losses[seed]!));
  let at = 0;
  y.forEach((v, i) => {
    if (v < y[at]!) at = i;
  });
  const level = y[at]! + LEVEL * (start - y[at]!);
  const crossing = (i: number, j: number): number => {
    const share = (level - y[i]!) / (y[j]! - y[i]!);
    return runs[i]!.lr * (runs[j]!.lr / runs[i]!.lr) ** share;
  };
  let [low, high]: [number | null, number | null] = [null, null];
  for (let i = at; i > 0 && low === null; i--) if (y[i - 1]! > level) low = crossing(i, i - 1);
  for (let i = at; i + 1 < y.length && high === null; i++) if (y[i + 1]! > level) high = crossing(i, i + 1);
  return { low, high, least: y[at]!, best: runs[at]!.lr };
}
