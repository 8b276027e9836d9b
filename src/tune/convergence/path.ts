/** A run's training followed from where it stands: the loss over all rows, and the sharpness beside the optimizer's limit. */
import { lanczos, preconditioned } from "../../curvature/index.ts";
import { NonFiniteError } from "../../run/errors.ts";
import type { BuiltRun } from "../../train/build.ts";
import type { RunObjective } from "../../train/objective.ts";
import { optimizerOf, preconditionerOf } from "../../train/preconditioner.ts";

/** Sharpness at a step of the run, beside its rate. */
export interface SharpnessPoint {
  readonly step: number;
  readonly lr: number;
  /** λmax of the Hessian, and how close to an eigenvalue it certainly is. */
  readonly sharpness: number;
  readonly error: number;
  /** λmax of P⁻¹H where the optimizer divides by P; null elsewhere and before its first step. */
  readonly preconditioned: number | null;
  /** The (preconditioned) sharpness that lr just bears: 2/η for gradient descent. Null without a rule. */
  readonly limit: number | null;
}

export interface Path {
  /** Steps made before the path begins. */
  readonly from: number;
  readonly steps: readonly number[];
  /** The objective at each of `steps`. */
  readonly losses: readonly number[];
  readonly sharpness: readonly SharpnessPoint[];
  /** Step at which the loss was no number any more. */
  readonly diverged: number | null;
}

export interface PathOptions {
  readonly from: number;
  readonly steps: number;
  /** Sharpness is measured at so many places, evenly apart, both ends included. Default 11. */
  readonly points?: number;
  readonly seed: number;
  readonly onStep?: (done: number, what: string) => Promise<void> | undefined;
}

/** Losses over all rows at each step cost too much above so many values a step; then at about 60 places. */
const CHEAP = 1e6;
const FEW = 60;

export async function followRun(
  run: BuiltRun,
  objective: RunObjective,
  { from, steps, points = 11, seed, onStep }: PathOptions,
): Promise<Path> {
  const { rate } = run;
  const every = objective.size * objective.rows <= CHEAP && steps <= 5000;
  const lossAt = new Set(
    every ? Array.from({ length: steps + 1 }, (_, k) => k) : logSpaced(steps, Math.min(FEW, steps)),
  );
  const lookAt = new Set(
    Array.from({ length: points }, (_, i) => Math.round((i * steps) / Math.max(1, points - 1))),
  );
  const path = { from, steps: [] as number[], losses: [] as number[], sharpness: [] as SharpnessPoint[] };
  let vectors: Vectors = { plain: undefined, preconditioned: undefined };
  for (let k = 0; ; k++) {
    const at = from + k;
    if (lossAt.has(k) || lookAt.has(k)) {
      objective.sync();
      const loss = lossOr(objective);
      if (loss === null) return { ...path, diverged: at };
      path.steps.push(at);
      path.losses.push(loss);
    }
    if (lookAt.has(k)) {
      const found = await lookAtSharpness(run, objective, {
        step: at,
        lr: rate.lrAt(at),
        seed,
        start: vectors,
        onStep: () => onStep?.(k, `curvature at step ${at}`),
      });
      vectors = found.vectors;
      path.sharpness.push(found.point);
    }
    if (k === steps) return { ...path, diverged: null };
    const { loss } = run.advance(at, rate.lrAt(at), rate.momentumAt(at));
    if (!Number.isFinite(loss)) return { ...path, diverged: at };
    await onStep?.(k + 1, `step ${at + 1}`);
  }
}

interface Vectors {
  readonly plain: Float64Array | undefined;
  readonly preconditioned: Float64Array | undefined;
}

async function lookAtSharpness(
  run: BuiltRun,
  objective: RunObjective,
  {
    step,
    lr,
    seed,
    start,
    onStep,
  }: {
    step: number;
    lr: number;
    seed: number;
    start: Vectors;
    onStep: () => Promise<void> | undefined;
  },
): Promise<{ point: SharpnessPoint; vectors: Vectors }> {
  const options = { edges: "largest", tolerance: 0.01, maxIterations: 60, seed, onStep } as const;
  const warm = (v: Float64Array | undefined): { start?: Float64Array } =>
    v === undefined ? {} : { start: stirred(v) };
  const { largest } = await lanczos(objective.hessian, { ...options, ...warm(start.plain) });
  const p = preconditionerOf(run, step);
  const scaled =
    p === null
      ? null
      : (
          await lanczos(preconditioned(objective.hessian, p), {
            ...options,
            ...warm(start.preconditioned),
          })
        ).largest;
  return {
    point: {
      step,
      lr,
      sharpness: largest.value,
      error: largest.error,
      preconditioned: scaled?.value ?? null,
      limit: limitingSharpness(run, lr),
    },
    vectors: { plain: largest.vector, preconditioned: scaled?.vector },
  };
}

/** The last vector with every direction in it: a vector that is exact would hide a new largest one. */
function stirred(v: Float64Array): Float64Array {
  const share = 0.1 / Math.sqrt(v.length);
  return v.map((x, i) => x + (i % 2 === 0 ? share : -share) * (1 + (i % 7) / 7));
}

/** The sharpness whose stability limit is this rate; limits fall as sharpness grows. */
export function limitingSharpness(run: BuiltRun, lr: number): number | null {
  const { entry, options } = optimizerOf(run);
  const rule = entry.stabilityLimit;
  if (rule === undefined || !(lr > 0)) return null;
  let [low, high] = [1e-30, 1e30];
  if (rule.limit(options, low) < lr) return 0;
  for (let i = 0; i < 200; i++) {
    const middle = Math.sqrt(low * high);
    if (rule.limit(options, middle) > lr) low = middle;
    else high = middle;
  }
  return low;
}

function lossOr(objective: RunObjective): number | null {
  try {
    return objective.loss();
  } catch (error) {
    if (error instanceof NonFiniteError) return null;
    throw error;
  }
}

const logSpaced = (last: number, count: number): number[] => [
  0,
  ...Array.from({ length: count }, (_, i) => Math.round(last ** ((i + 1) / count))),
  last,
];
