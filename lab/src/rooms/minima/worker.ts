/** The experiments of claims C18 and C18b at the reader's rates and noise: many runs side by side in one program. */

import { wasm } from "steepest/engine";
import { FLAT, isFlat, SHARP, share, sharpness, valley, wells } from "steepest/lesson/problems";
import { sgd } from "steepest/optim";
import { stream } from "steepest/random";
import { evaluator, makeSurface, type SurfaceGrid, surfaceGrid } from "steepest/surface";
import type { Report } from "../../lib/engine.ts";
import { BINS, STEPS, type starts, VALLEY, WELLS } from "./view.ts";

const context = { backend: wasm, pause: async (): Promise<void> => {} };

export interface Wells {
  readonly lr: number;
  readonly beta: number;
  readonly sigma: number;
  readonly from: (typeof starts)[number];
  readonly seed: number;
}

const RUNS = 1000;
/** Of the runs, these are drawn. */
const DRAWN = 80;

export interface Walked {
  /** Share of the runs on the flat side after each step. */
  readonly flat: Float64Array;
  /** Places of the drawn runs, step after step. */
  readonly places: Float32Array;
  readonly drawn: number;
  /** How many of all runs are in each of `BINS` equal parts of the picture, step after step. */
  readonly bins: Uint16Array;
  readonly runs: number;
  /** Of the two minima, measured. */
  readonly curvature: { readonly sharp: number; readonly flat: number };
}

function startsOf({ from, seed }: Pick<Wells, "from" | "seed">): Float64Array {
  if (from === "sharp") return new Float64Array(RUNS).fill(SHARP.at);
  if (from === "flat") return new Float64Array(RUNS).fill(FLAT.at);
  if (from === "beside") {
    return Float64Array.from({ length: 200 }, (_, i) => SHARP.at + 0.02 * (i / 199 - 0.5) + 1e-6);
  }
  return stream(seed, "starts")
    .uniform(RUNS)
    .map((u) => WELLS.x[0] + (WELLS.x[1] - WELLS.x[0]) * u);
}

// one program for all rates and noise levels; another momentum, start or seed is another program
const programs = new Map<string, ReturnType<typeof wells>>();
function programOf({ beta, from, seed }: Omit<Wells, "lr" | "sigma">): ReturnType<typeof wells> {
  const key = `${beta} ${from} ${seed}`;
  const found = programs.get(key);
  if (found) return found;
  if (programs.size > 8) programs.clear();
  const made = wells(context, startsOf({ from, seed }), sgd({ lr: 1, momentum: beta }), { seed });
  programs.set(key, made);
  return made;
}

export function walk(asked: Wells): Walked {
  const run = programOf(asked);
  run.reset();
  run.data["sigma"]![0] = asked.sigma;
  const x = run.at["x"]!;
  const drawn = Math.min(DRAWN, x.length);
  // the runs of "beside" stand in order: every so many of them
  const stride = Math.floor(x.length / drawn);
  const flat = new Float64Array(STEPS + 1);
  const places = new Float32Array(drawn * (STEPS + 1));
  const bins = new Uint16Array(BINS * (STEPS + 1));
  const [from, to] = WELLS.x;
  for (let k = 0; k <= STEPS; k++) {
    if (k > 0) run.step(asked.lr);
    flat[k] = share(x, isFlat);
    for (let i = 0; i < drawn; i++) places[k * drawn + i] = x[i * stride]!;
    for (const at of x) {
      const bin = Math.floor(((at - from) / (to - from)) * BINS);
      if (bin >= 0 && bin < BINS) bins[k * BINS + bin]! += 1;
    }
  }
  const { hessian } = evaluator(makeSurface("double-well", { dimension: 1 }));
  return {
    flat,
    places,
    drawn,
    bins,
    runs: x.length,
    curvature: { sharp: hessian([-1])[0]!, flat: hessian([2])[0]! },
  };
}

export interface Profile {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Between the wells: beyond it a run counts as in the flat one. */
  readonly ridge: number;
}

/** The double well itself, to draw. */
export function profile(): Profile {
  const { value } = evaluator(makeSurface("double-well", { dimension: 1 }));
  const x = Float64Array.from({ length: 401 }, (_, i) => WELLS.x[0] + ((WELLS.x[1] - WELLS.x[0]) * i) / 400);
  return { x, y: x.map((at) => value([at])), ridge: x.find(isFlat)! };
}

export interface Swept {
  readonly beta: number;
  readonly rates: readonly number[];
  /** How many rates there will be. */
  readonly of: number;
  /** Share of the runs that end on the flat side, by rate. */
  readonly flat: readonly number[];
}

/** Six rates a factor of ten. */
const RATES: readonly number[] = Array.from({ length: 15 }, (_, i) =>
  Number((0.002 * 10 ** (i / 6)).toPrecision(3)),
);

export async function sweep(asked: Omit<Wells, "lr">, report: Report<Swept>): Promise<void> {
  const run = programOf(asked);
  const flat: number[] = [];
  for (const lr of RATES) {
    run.reset();
    run.data["sigma"]![0] = asked.sigma;
    for (let k = 0; k < STEPS; k++) run.step(lr);
    flat.push(share(run.at["x"]!, isFlat));
    if (
      !(await report({
        beta: asked.beta,
        rates: RATES.slice(0, flat.length),
        of: RATES.length,
        flat: [...flat],
      }))
    )
      return;
  }
}

export interface Slid {
  /** u0, v0, u1, v1, … of one run, as far as it is drawn. */
  readonly points: Float64Array;
  readonly steps: readonly number[];
  readonly losses: readonly number[];
  /** u² + v², the mean of all runs. */
  readonly sharpness: readonly number[];
  readonly peak: number;
  readonly diverged: boolean;
  readonly final: number;
}

/** The claim's own: without noise 2000 steps from (4, 0.3), with it 20000 from (4, 0.25), 16 runs. */
export function slide({
  rate,
  memory,
  labels,
  seed,
}: Record<"rate" | "memory" | "labels" | "seed", number>): Slid {
  const noisy = labels > 0;
  const [steps, every] = noisy ? [20_000, 50] : [2000, 1];
  const run = valley(context, noisy ? [4, 0.25] : [4, 0.3], sgd({ lr: 1, momentum: memory }), {
    runs: noisy ? 16 : 1,
    noise: labels,
    seed,
  });
  const points: number[] = [];
  const kept = { steps: [] as number[], losses: [] as number[], sharpness: [] as number[] };
  let peak = 0;
  let diverged = false;
  for (let k = 0; k <= steps; k++) {
    const [u, v, sharp] = [run.at["u"]![0]!, run.at["v"]![0]!, sharpness(run)];
    const loss = run.step(k < steps ? rate : 0).loss / run.at["u"]!.length;
    peak = Math.max(peak, loss);
    diverged = !(loss < 1e6);
    if (k % every === 0 && points.length < 2 * 401) points.push(u, v);
    if (k % every === 0 && !diverged) {
      kept.steps.push(k);
      kept.losses.push(loss);
      kept.sharpness.push(sharp);
    }
    if (diverged) break;
  }
  const final = diverged ? Number.NaN : kept.sharpness.at(-1)!;
  return { points: Float64Array.from(points), ...kept, peak, diverged, final };
}

export const valleyGrid = (): SurfaceGrid => surfaceGrid(makeSurface("product"), { ...VALLEY });
