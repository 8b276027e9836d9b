/**
 * Theory beside the measured run: which assumptions of the convergence theorems hold here, as far as can be measured,
 * and how the loss gap compares with each bound at every step looked at.
 */
import type { Spectrum } from "../../curvature/index.ts";
import { keepsStatistics } from "../../nn/freeze.ts";
import type { BuiltRun } from "../../train/build.ts";
import type { RunObjective } from "../../train/objective.ts";
import { optimizerOf } from "../../train/preconditioner.ts";
import {
  BOUNDS,
  type BoundFacts,
  compareBound,
  heavyBallRate,
  type Margin,
  type Needs,
  noiseFloor,
} from "./bounds.ts";
import { findMinimum, type Minimum } from "./minimum.ts";
import type { Path } from "./path.ts";

/** What a bound asks of a run, and whether the run has it. */
export interface Assumption {
  readonly id: "plain" | "full-batch" | "constant-rate" | "minimum" | Needs;
  readonly holds: boolean;
  /** What it was measured by, or what breaks it. */
  readonly evidence: string;
}

/** A bound of the theory beside the measured run. */
export interface BoundResult {
  readonly id: string;
  readonly formula: string;
  readonly source: string;
  /** Null where the bound has no value: no minimum, or μ = 0. */
  readonly values: readonly (number | null)[] | null;
  /** Assumptions that don't hold: the bound promises nothing then, whether or not it is kept. */
  readonly broken: readonly Assumption["id"][];
  /** The gap was below it at every step compared; null without values. */
  readonly holds: boolean | null;
  /** Least ratio of bound to gap, and where. */
  readonly margin: Margin | null;
}

/**
 * What theory says of a run: condition number, the minimum it goes to, and each bound with whether it
 * applies and how tight it is.
 */
export interface Convergence {
  /** Largest and smallest curvature met: at the start, along the path, at its end and at the minimum. */
  readonly L: number;
  readonly mu: number;
  /** Null where μ is not told from zero. */
  readonly kappa: number | null;
  readonly minimum: {
    readonly reached: boolean;
    readonly reason: Minimum["reason"] | "not-sought";
    readonly loss: number;
    readonly distance: number | null;
  };
  readonly assumptions: readonly Assumption[];
  readonly steps: readonly number[];
  /** f(θₖ) − f*, with the least loss seen for f* where no minimum was reached. */
  readonly gap: readonly number[];
  /** Gaps below this are rounding and are not compared. */
  readonly rounding: number;
  readonly bounds: readonly BoundResult[];
  /** Factor per step on the gap: heavy ball's long-run rate on a quadratic, and the one fitted to the run's second half. */
  readonly momentum: { readonly predicted: number; readonly measured: number | null } | null;
  /** Where stochastic gradients let the gap settle, predicted, and the mean of the last quarter. */
  readonly floor: { readonly predicted: readonly [number, number]; readonly measured: number } | null;
}

/** What `convergence` is told of the path that was followed. */
export interface ConvergenceOptions {
  readonly path: Path;
  /** Where the path began. */
  readonly start: Float64Array;
  /** Spectra at the path's start and end. */
  readonly spectra: readonly Spectrum[];
  /** The spectrum at a point. */
  readonly spectrumAt: (point: Float64Array) => Promise<Spectrum>;
  /** tr(Σ) of one row's gradient; null when it is not known. */
  readonly trace: number | null;
  readonly onStep?: () => Promise<void> | undefined;
}

/** Above so many parameters the minimum is not sought: Newton's method would take longer than the run. */
const SEEK_UP_TO = 20_000;

/**
 * Compares a followed path with the convergence bounds whose assumptions hold along it, and names the
 * assumptions that fail. Up to 20,000 parameters the minimum is sought by Newton's method.
 */
export async function convergence(
  run: BuiltRun,
  objective: RunObjective,
  { path, start, spectra, spectrumAt, trace, onStep }: ConvergenceOptions,
): Promise<Convergence> {
  const single = objective.dtype === "float32";
  const smooth = (of: readonly Spectrum[]): [number, number] => [
    Math.max(...of.map((s) => s.largest.value), ...path.sharpness.map((s) => s.sharpness)),
    Math.min(...of.map((s) => s.smallest.value)),
  ];
  const zero = (L: number): number => (single ? 1e-5 : 1e-11) * Math.abs(L);
  let [L, mu] = smooth(spectra);
  const startsConvex = mu >= -zero(L);
  const sought = startsConvex && objective.size <= SEEK_UP_TO;
  const minimum = sought ? await findMinimum(objective, { from: start, ...(onStep && { onStep }) }) : null;
  let all = spectra;
  if (minimum?.point) {
    all = [...spectra, await spectrumAt(minimum.point)];
    [L, mu] = smooth(all);
  }
  const convex = mu >= -zero(L) && minimum?.reason !== "negative-curvature";
  const resolved = all.every((s) => s.smallest.value - s.smallest.error > zero(L));
  const reached = minimum?.point !== null && minimum !== null;
  const lowest = Math.min(...path.losses, minimum?.loss ?? Number.POSITIVE_INFINITY);
  const best = reached ? minimum.loss : lowest;
  const gap = path.losses.map((f) => f - best);
  const lr = run.rate.lrAt(path.from);
  const distanceSquared = reached ? squared(start, minimum.point!) : null;

  const assumptions = assumptionsOf(run, { L, mu, lr, convex, resolved, minimum, points: all.length, path });
  const broken = assumptions.filter((a) => !a.holds).map((a) => a.id);
  const rounding =
    run.spec.dtype === "float32"
      ? 1e-9 * Math.abs(gap[0] ?? 0)
      : 1e-13 * Math.max(Math.abs(gap[0] ?? 0), Math.abs(path.losses[0] ?? 0));
  const facts: BoundFacts | null =
    distanceSquared === null ? null : { L, mu: resolved ? mu : 0, lr, distanceSquared, gap: gap[0]! };
  return {
    L,
    mu,
    kappa: resolved && mu > 0 ? L / mu : null,
    minimum: {
      reached,
      reason: minimum === null ? "not-sought" : minimum.reason,
      loss: best,
      distance: distanceSquared === null ? null : Math.sqrt(distanceSquared),
    },
    assumptions,
    steps: path.steps,
    gap,
    rounding,
    bounds: BOUNDS.map((row) => compare(row, { facts, path, gap, rounding, broken })),
    momentum: momentumOf(run, { L, mu, lr, gap, steps: path.steps, rounding, known: resolved && reached }),
    floor: floorOf(run, { L, lr, trace, gap, reached, path }),
  };
}

function compare(
  { id, formula, source, needs, at }: (typeof BOUNDS)[number],
  {
    facts,
    path,
    gap,
    rounding,
    broken,
  }: {
    facts: BoundFacts | null;
    path: Path;
    gap: readonly number[];
    rounding: number;
    broken: readonly Assumption["id"][];
  },
): BoundResult {
  const always: readonly Assumption["id"][] = ["plain", "full-batch", "constant-rate", "minimum", "convex"];
  const own = [...new Set<Assumption["id"]>([...always, ...needs])];
  const common = { id, formula, source, broken: own.filter((a) => broken.includes(a)) };
  if (facts === null || (needs.includes("strongly-convex") && !(facts.mu > 0))) {
    return { ...common, values: null, holds: null, margin: null };
  }
  return { ...common, ...compareBound(at, { facts, steps: path.steps, from: path.from, gap, rounding }) };
}

interface Situation {
  readonly L: number;
  readonly mu: number;
  readonly lr: number;
  readonly convex: boolean;
  readonly resolved: boolean;
  readonly minimum: Minimum | null;
  readonly points: number;
  readonly path: Path;
}

function assumptionsOf(
  run: BuiltRun,
  { L, mu, lr, convex, resolved, minimum, points, path }: Situation,
): Assumption[] {
  const { spec, plan, rate, parts } = run;
  const { entry, options } = optimizerOf(run);
  const extras = [
    ...(entry.name !== "sgd" ? [`the optimizer is ${entry.name}`] : []),
    ...(entry.name === "sgd" && Number(options["momentum"]) > 0 ? [`momentum ${options["momentum"]}`] : []),
    ...(Number(options["weightDecay"]) > 0 ? [`weight decay ${options["weightDecay"]}`] : []),
    ...(spec.clip === undefined ? [] : ["gradients are clipped"]),
    ...(parts.model.keys > 0 ? ["dropout"] : []),
    ...(keepsStatistics(parts.model) ? ["batch norm"] : []),
  ];
  const rates = path.steps.map(rate.lrAt);
  const constant = !rate.followsMetric && rates.every((r) => r === rates[0]);
  const full = plan.batchSize === plan.n;
  const places = `${points} points by Lanczos`;
  return [
    {
      id: "plain",
      holds: extras.length === 0,
      evidence:
        extras.length === 0 ? "plain gradient descent" : `not plain gradient descent: ${extras.join(", ")}`,
    },
    {
      id: "full-batch",
      holds: full,
      evidence: full
        ? "every step sees all rows"
        : `stochastic: batches of ${plan.batchSize} of ${plan.n} rows`,
    },
    {
      id: "constant-rate",
      holds: constant,
      evidence: constant
        ? `η = ${show(lr)} at every step`
        : `the schedule ${spec.schedule.name} changes the rate`,
    },
    {
      id: "convex",
      holds: convex,
      evidence: convex
        ? `no negative curvature found at ${places}; convex as far as that tells`
        : minimum?.reason === "negative-curvature"
          ? "negative curvature found on the way to the minimum"
          : `negative curvature found: λmin = ${show(mu)}`,
    },
    {
      id: "strongly-convex",
      holds: convex && resolved,
      evidence: convex && resolved ? `μ = ${show(mu)}, the least of ${places}` : "μ is not told from zero",
    },
    { id: "minimum", ...minimumEvidence(minimum, convex) },
    {
      id: "at-most-1/L",
      holds: lr <= 1 / L,
      evidence: `η = ${show(lr)}, 1/L = ${show(1 / L)}`,
    },
    {
      id: "below-2/L",
      holds: lr < 2 / L,
      evidence: `η = ${show(lr)}, 2/L = ${show(2 / L)}`,
    },
  ];
}

function minimumEvidence(minimum: Minimum | null, convex: boolean): Pick<Assumption, "holds" | "evidence"> {
  if (minimum === null) {
    const why = convex
      ? "too many parameters for Newton's method"
      : "the loss is not convex: no minimum is known to be the lowest";
    return { holds: false, evidence: `not sought: ${why}` };
  }
  const { reason, loss, gradientNorm, iterations } = minimum;
  if (reason === null) {
    return {
      holds: true,
      evidence: `f* = ${show(loss)} by Newton's method, ${iterations} iterations, |∇f| = ${show(gradientNorm)}`,
    };
  }
  const words = {
    "negative-curvature": "Newton's method met negative curvature",
    "runs-away": `the loss falls for ever as the weights grow (classes that a plane separates): loss ${show(loss)} and falling`,
    "too-slow": `no minimum reached in ${iterations} iterations: |∇f| = ${show(gradientNorm)}`,
  } as const;
  return { holds: false, evidence: words[reason] };
}

const show = (x: number): string => String(Number(x.toPrecision(4)));

function squared(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

function momentumOf(
  run: BuiltRun,
  at: {
    L: number;
    mu: number;
    lr: number;
    gap: readonly number[];
    steps: readonly number[];
    rounding: number;
    known: boolean;
  },
): Convergence["momentum"] {
  const { entry, options } = optimizerOf(run);
  const averaged = entry.name === "ema-momentum";
  const beta = averaged ? Number(options["beta"]) : entry.name === "sgd" ? Number(options["momentum"]) : 0;
  if (!(beta > 0) || options["nesterov"] === true || Number(options["dampening"] ?? 0) > 0 || !at.known)
    return null;
  const rate = heavyBallRate({ lr: averaged ? at.lr * (1 - beta) : at.lr, beta, L: at.L, mu: at.mu });
  return { predicted: rate ** 2, measured: fittedRate(at.steps, at.gap, at.rounding) };
}

/** exp of the slope of log gap by least squares over the later half of what is not rounding. */
function fittedRate(steps: readonly number[], gap: readonly number[], rounding: number): number | null {
  const end = gap.findIndex((g) => !(g > rounding));
  const used = gap.slice(0, end < 0 ? gap.length : end).map((g, i) => [steps[i]!, Math.log(g)] as const);
  const late = used.slice(used.length >> 1);
  if (late.length < 5) return null;
  const mean = (pick: 0 | 1): number => late.reduce((s, p) => s + p[pick], 0) / late.length;
  const [mx, my] = [mean(0), mean(1)];
  const over = late.reduce((s, [x, y]) => s + (x - mx) * (y - my), 0);
  return Math.exp(over / late.reduce((s, [x]) => s + (x - mx) ** 2, 0));
}

function floorOf(
  run: BuiltRun,
  {
    L,
    lr,
    trace,
    gap,
    reached,
    path,
  }: {
    L: number;
    lr: number;
    trace: number | null;
    gap: readonly number[];
    reached: boolean;
    path: Path;
  },
): Convergence["floor"] {
  const { entry, options } = optimizerOf(run);
  const plain = entry.name === "sgd" && Number(options["momentum"]) === 0;
  if (!plain || run.plan.batchSize === run.plan.n || trace === null || !reached || path.diverged !== null)
    return null;
  const late = gap.filter((_, i) => path.steps[i]! >= path.from + 0.75 * (path.steps.at(-1)! - path.from));
  return {
    predicted: noiseFloor({ lr, L, trace, batchSize: run.plan.batchSize }),
    measured: late.reduce((a, b) => a + b, 0) / late.length,
  };
}
