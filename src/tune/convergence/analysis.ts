/** Everything `steepest analyze` says about a run: curvature, noise, stability limits, sharpness on the way, bounds. */
import { lanczos, type NoiseScale, norm, preconditioned, type Spectrum } from "../../curvature/index.ts";
import type { Backend } from "../../engine/backend.ts";
import { optimizers } from "../../optim/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { type LongWork, nullWhenAborted, systemClock, takeTurns } from "../../run/long-work.ts";
import type { BuiltRun } from "../../train/build.ts";
import { runNoiseScale } from "../../train/noise.ts";
import { type RunObjective, runObjective } from "../../train/objective.ts";
import { optimizerOf, preconditionerOf, type ResolvedOptions } from "../../train/preconditioner.ts";
import { type Convergence, convergence } from "./convergence.ts";
import { followRun, type SharpnessPoint } from "./path.ts";

/** An eigenvalue at an end of the spectrum, as Lanczos gives it. */
export interface EdgeValue {
  readonly value: number;
  /** An eigenvalue lies this close. */
  readonly error: number;
}

/** The ends of the Hessian's spectrum at a step of the run. */
export interface CurvatureAt {
  readonly step: number;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly largest: EdgeValue;
  readonly smallest: EdgeValue;
  /** Null where the smallest eigenvalue is not told from zero, or negative. */
  readonly kappa: number | null;
  readonly products: number;
  readonly converged: boolean;
}

/** The largest stable rate of an optimizer at a sharpness, and whether the run is below it. */
export interface LimitRow {
  /** "sgd:momentum=0.9" */
  readonly label: string;
  readonly own: boolean;
  readonly rule: string;
  /** λmax that the rule is taken at: of P⁻¹H where the optimizer divides by P. */
  readonly sharpness: number;
  /** P from the run's own state; null where the optimizer divides by nothing. */
  readonly preconditioner: "state" | null;
  readonly limit: number | null;
  /** The run's rate is below it; null where the loss curves nowhere upwards and there is no limit. */
  readonly stable: boolean | null;
}

/**
 * The `steepest.analyze/1` document: curvature, noise, stability limits beside the run's rate, and what
 * theory bounds.
 */
export interface Analysis {
  readonly schema: "steepest.analyze/1";
  readonly run: {
    readonly name: string;
    readonly optimizer: string;
    readonly lr: number;
    readonly parameters: number;
    /** Rows the loss is taken over, of how many. */
    readonly rows: number;
    readonly of: number;
    readonly batchSize: number;
    readonly dtype: string;
    readonly notes: readonly string[];
  };
  readonly start: CurvatureAt;
  /** After the steps; null when none were made. */
  readonly end: CurvatureAt | null;
  readonly diverged: number | null;
  readonly noise: (NoiseScale & { readonly criticalBatchSize: number | null }) | null;
  readonly limits: readonly LimitRow[];
  /** Null where no rule is proved for the run's optimizer. */
  readonly ownRule: string | null;
  readonly sharpness: readonly SharpnessPoint[];
  readonly convergence: Convergence | null;
  readonly seconds: number;
}

/** How far an analysis has come. */
export interface AnalyzeProgress {
  /** Of the training steps to follow. */
  readonly steps: number;
  readonly text: string;
}

/** Options of `analyze`. */
export interface AnalyzeOptions extends LongWork<AnalyzeProgress> {
  readonly backend: Backend;
  /** Default `defaultRows`. */
  readonly rows: number | "full" | undefined;
  /** Training steps to follow; 0 looks at one point only. Default: the run's own, at most 200. */
  readonly steps?: number;
  /** Steps the run has made. Default 0. */
  readonly from?: number;
  /** Of the start vectors and the noise batches. Default: the run's. */
  readonly seed?: number;
  readonly points?: number;
}

const MAX_STEPS = 200;

/** How many steps of a run are followed unless asked otherwise. */
export const stepsToFollow = ({ totalSteps }: BuiltRun): number => Math.min(MAX_STEPS, totalSteps);

/** Null when aborted. Throws `option` for steps, a start or places that are no whole numbers. */
export const analyze = (run: BuiltRun, options: AnalyzeOptions): Promise<Analysis | null> =>
  nullWhenAborted(options.signal, () => measure(run, options));

/** What is not asked for comes from the run. Throws `option` for what is no whole number. */
function settingsOf(
  run: BuiltRun,
  { steps = stepsToFollow(run), from = 0, seed = run.spec.seed, points = 1 }: AnalyzeOptions,
): { steps: number; from: number; seed: number } {
  for (const [name, value, min] of [
    ["steps", steps, 0],
    ["from", from, 0],
    ["points", points, 1],
  ] as const)
    if (!Number.isSafeInteger(value) || value < min)
      throw new SteepestError("option", `analyze: ${name} is ${String(value)}`, {
        help: `give ${name} a whole number from ${min}`,
      });
  return { steps, from, seed };
}

async function measure(run: BuiltRun, options: AnalyzeOptions): Promise<Analysis> {
  const { backend, rows, points, clock = systemClock } = options;
  const { steps, from, seed } = settingsOf(run, options);
  const began = clock.now();
  const turn = takeTurns(options);
  const onStep = (done: number, text: string): Promise<void> | undefined =>
    turn(() => ({ steps: done, text }));
  const objective = runObjective(run, { ...(rows !== undefined && { rows }), backend });
  const spectrum = (what: string, done: number): Promise<Spectrum> =>
    lanczos(objective.hessian, { seed, onStep: (n) => onStep(done, `${what}: Hessian product ${n}`) });

  const origin = objective.point();
  const first = await spectrum("curvature at the start", 0);
  const start = curvatureAt(objective, first, from);
  const path = await followRun(run, objective, {
    from,
    steps,
    seed,
    ...(points !== undefined && { points }),
    onStep,
  });
  const healthy = path.diverged === null;
  const done = steps;
  if (healthy) objective.sync();
  else objective.moveTo(origin);
  const last = steps > 0 && healthy ? await spectrum("curvature at the end", done) : null;
  const end = last === null ? null : curvatureAt(objective, last, from + steps);

  const noise = await runNoiseScale(run, {
    objective,
    seed,
    maxBatches: 128,
    onStep: (n) => onStep(done, `gradient noise: batch ${n}`),
  });
  const limits = await limitsOf(run, objective, {
    sharpness: (last ?? first).largest.value,
    steps: healthy ? from + steps : 0,
    seed,
    onStep: () => onStep(done, "stability limits"),
  });
  const theory =
    steps === 0
      ? null
      : await convergence(run, objective, {
          path,
          start: origin,
          spectra: last === null ? [first] : [first, last],
          spectrumAt: (point) => {
            objective.moveTo(point);
            return spectrum("curvature at the minimum", done);
          },
          trace: noise.trace,
          onStep: () => onStep(done, "looking for the minimum"),
        });
  return {
    schema: "steepest.analyze/1",
    run: {
      name: run.spec.name,
      optimizer: run.spec.optimizer.name,
      lr: run.lr,
      parameters: run.parameters,
      rows: objective.rows,
      of: objective.of,
      batchSize: run.plan.batchSize,
      dtype: objective.dtype,
      notes: objective.notes,
    },
    start,
    end,
    diverged: path.diverged,
    noise: { ...noise, criticalBatchSize: noise.interval[1] === null ? null : noise.rows },
    limits,
    ownRule: optimizerOf(run).entry.stabilityLimit?.rule ?? null,
    sharpness: path.sharpness,
    convergence: theory,
    seconds: (clock.now() - began) / 1000,
  };
}

function curvatureAt(objective: RunObjective, found: Spectrum, step: number): CurvatureAt {
  const g = new Float64Array(objective.size);
  const loss = objective.gradient(g);
  const { largest, smallest, products, converged } = found;
  const rounding = (objective.dtype === "float32" ? 1e-5 : 1e-11) * Math.abs(largest.value);
  const positive = smallest.value - smallest.error > rounding;
  return {
    step,
    loss,
    gradientNorm: norm(g),
    largest: { value: largest.value, error: Math.max(largest.error, rounding) },
    smallest: { value: smallest.value, error: Math.max(smallest.error, rounding) },
    kappa: positive ? largest.value / smallest.value : null,
    products,
    converged,
  };
}

async function limitsOf(
  run: BuiltRun,
  objective: RunObjective,
  {
    sharpness,
    steps,
    seed,
    onStep,
  }: {
    sharpness: number;
    steps: number;
    seed: number;
    onStep: () => Promise<void> | undefined;
  },
): Promise<LimitRow[]> {
  const own = optimizerOf(run);
  const known = new Map<number, number>();
  const sharpnessUnder = async (p: Float64Array): Promise<number> => {
    const key = p.reduce((a, b) => a + b, 0);
    const found =
      known.get(key) ??
      (
        await lanczos(preconditioned(objective.hessian, p), {
          edges: "largest",
          tolerance: 1e-3,
          seed,
          onStep,
        })
      ).largest.value;
    known.set(key, found);
    return found;
  };
  const row = async (
    label: string,
    entry: typeof own.entry,
    settings: ResolvedOptions,
    isOwn: boolean,
  ): Promise<LimitRow[]> => {
    const rule = entry.stabilityLimit;
    if (rule === undefined) return [];
    const diagonal = isOwn ? preconditionerOf(run, steps) : null;
    // what an optimizer would divide by is known where it has run, and nowhere else
    if (rule.preconditioner !== undefined && diagonal === null) return [];
    const at = diagonal === null ? sharpness : await sharpnessUnder(diagonal);
    const limit = at > 0 ? rule.limit(settings, at) : null;
    return [
      {
        label,
        own: isOwn,
        rule: rule.rule,
        sharpness: at,
        preconditioner: diagonal === null ? null : "state",
        limit,
        stable: limit === null ? null : run.lr < limit,
      },
    ];
  };
  const rows = await row(labelOf(own.entry.name, given(run)), own.entry, own.options, true);
  for (const entry of optimizers) {
    for (const some of entry.stabilityLimit?.beside ?? []) {
      const label = labelOf(entry.name, some);
      if (label === rows[0]?.label) continue;
      const all = { ...Object.fromEntries(entry.options.map((o) => [o.name, o.default])), ...some };
      rows.push(...(await row(label, entry, all, false)));
    }
  }
  return rows;
}

function given({ spec }: BuiltRun): ResolvedOptions {
  const { name: _, lr: _lr, ...rest } = spec.optimizer;
  return rest;
}

function labelOf(name: string, options: ResolvedOptions): string {
  const parts = Object.entries(options).map(([key, value]) =>
    value === true ? key : `${key}=${String(value)}`,
  );
  return parts.length === 0 ? name : `${name}:${parts.join(",")}`;
}
