/** Batches of 1 … n on one problem: paths, the height they settle at, the variance of their gradients, and escapes. */
import { stream } from "steepest/random";
import { createDescent, follow, makeSurface, type SurfaceGrid, surfaceGrid } from "steepest/surface";
import { noiseFloor } from "steepest/tune";
import { DOMAIN, N, STEPS } from "./facts.ts";
import {
  samples as data,
  deviation,
  L,
  minimum,
  minLoss,
  mu,
  order,
  type Sampling,
  step,
  surface,
  trace,
  w,
  whole,
} from "./problem.ts";

export const grid = (): SurfaceGrid => surfaceGrid(surface, DOMAIN);
export const saddleGrid = (): SurfaceGrid =>
  surfaceGrid(makeSurface("saddle"), { x: [-1.5, 1.5], y: [-1.6, 1.6] });

export interface Request {
  readonly batches: readonly number[];
  readonly lr: number;
  readonly sampling: Sampling;
  readonly from: readonly [number, number];
  readonly seed: number;
}

export interface Walked {
  readonly batch: number;
  readonly points: Float64Array;
  readonly gaps: readonly number[];
  /** Samples seen by each step. */
  readonly samples: readonly number[];
  /** Which ones each step took. */
  readonly rows: readonly (readonly number[])[];
}

export interface Walks {
  readonly walks: readonly Walked[];
  readonly minimum: readonly [number, number];
  readonly L: number;
  readonly mu: number;
  /** tr Σ of one sample. */
  readonly trace: number;
  readonly data: typeof data;
}

export function walk({ batches, lr, sampling, from, seed }: Request): Walks {
  const walks = batches.map((batch): Walked => {
    const rows = order(sampling, batch, seed);
    w.set(from);
    const points = [...from];
    const gaps = [whole.value(w) - minLoss];
    const samples = [0];
    const drawn: number[][] = [];
    for (let k = 0; k < STEPS && gaps.at(-1)! < 1e12; k++) {
      const batchRows = batch === N ? Array.from({ length: N }, (_, i) => i) : rows(k);
      step(batchRows, lr);
      drawn.push(Array.from(batchRows));
      points.push(w[0]!, w[1]!);
      gaps.push(Math.max(0, whole.value(w) - minLoss));
      samples.push(samples.at(-1)! + batchRows.length);
    }
    return { batch, points: Float64Array.from(points), gaps, samples, rows: drawn };
  });
  return { walks, minimum: [minimum[0]!, minimum[1]!], L, mu, trace, data };
}

export const SIZES = [1, 2, 4, 8, 16, 32, 64] as const;
const LONG = 2400;
const FORGET = 600;
const DRAWS = 1500;

export interface ByBatch {
  readonly sizes: readonly number[];
  /** Mean gap once it has settled; null where it flew out. */
  readonly floor: { readonly epochs: readonly number[]; readonly replaced: readonly number[] };
  readonly theory: readonly (readonly [low: number, high: number])[];
  /** E|g_B − g|² at the minimum. */
  readonly variance: { readonly without: readonly number[]; readonly replaced: readonly number[] };
  readonly expected: { readonly without: readonly number[]; readonly replaced: readonly number[] };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function settled(sampling: Sampling, batch: number, { lr, seed }: { lr: number; seed: number }): number {
  const rows = order(sampling, batch, seed);
  w.set(minimum);
  const seen: number[] = [];
  for (let k = 0; k < LONG; k++) {
    step(rows(k), lr);
    // neighbours are nearly the same numbers; 5 has no common factor with an epoch's steps
    if (k >= FORGET && k % 5 === 0) seen.push(whole.value(w) - minLoss);
  }
  return mean(seen);
}

function spread(batch: number, replaced: boolean, seed: number): number {
  const random = stream(seed, "draws");
  const draw = (): ArrayLike<number> =>
    replaced ? random.integers(batch, 0, N) : random.permutation(N).subarray(0, batch);
  return mean(Array.from({ length: DRAWS }, () => deviation(draw())));
}

export function byBatch({ lr, seed }: { lr: number; seed: number }): ByBatch {
  const of = <T>(f: (batch: number) => T): T[] => SIZES.map(f);
  return {
    sizes: SIZES,
    floor: {
      epochs: of((b) => settled("epochs", b, { lr, seed })),
      replaced: of((b) => settled("replaced", b, { lr, seed })),
    },
    theory: of((batchSize) => noiseFloor({ lr, L, trace, batchSize })),
    variance: { without: of((b) => spread(b, false, seed)), replaced: of((b) => spread(b, true, seed)) },
    expected: { without: of((b) => ((trace / b) * (N - b)) / (N - 1)), replaced: of((b) => trace / b) },
  };
}

export interface Escape {
  readonly still: Float64Array;
  readonly noisy: Float64Array;
  /** Step at which |y| first passed 0.9; null: never. */
  readonly left: number | null;
}

const ESCAPE = 200;

export function escape({ sigma, seed }: { sigma: number; seed: number }): Escape {
  const from = [1, 0];
  const base = { surface: makeSurface("saddle"), optimizer: "sgd", from, lr: 0.1, steps: ESCAPE } as const;
  const path = (noise: number): readonly (readonly number[])[] => {
    const options = noise > 0 ? { ...base, noise: { sigma: noise, seed } } : base;
    return follow(createDescent(options), options).points;
  };
  const [still, noisy] = [path(0), path(sigma)];
  const left = noisy.findIndex((p) => Math.abs(p[1]!) > 0.9);
  return {
    still: Float64Array.from(still.flat()),
    noisy: Float64Array.from(noisy.flat()),
    left: left < 0 ? null : left,
  };
}
