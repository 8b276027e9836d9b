/** The minimum next to a point, by Newton's method with conjugate gradients; it says when there is none to be found. */
import { addScaled, dot, norm, type Objective } from "../../curvature/index.ts";

export interface Minimum {
  /** Null when none was reached: `loss` is then only the least seen. */
  readonly point: Float64Array | null;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly iterations: number;
  /** Why none was reached. */
  readonly reason: "negative-curvature" | "runs-away" | "too-slow" | null;
}

export interface MinimumOptions {
  readonly from: Float64Array;
  readonly maxIterations?: number;
  readonly onStep?: () => Promise<void> | undefined;
}

/** A Newton step this small against the point is rounding. */
const SMALL_STEP = 1e-9;
const MAX_PRODUCTS = 250;
/** Weights this many times longer than at the start, and still going: the loss has an infimum, not a minimum. */
const AWAY = 1e3;

/** Leaves the objective at its last point. */
export async function findMinimum(
  objective: Objective,
  { from, maxIterations = 60, onStep }: MinimumOptions,
): Promise<Minimum> {
  const { size } = objective;
  const x = Float64Array.from(from);
  const g = new Float64Array(size);
  objective.moveTo(x);
  let loss = objective.gradient(g);
  const found = (reason: Minimum["reason"], iterations: number): Minimum => ({
    point: reason === null ? x : null,
    loss,
    gradientNorm: norm(g),
    iterations,
    reason,
  });
  for (let k = 0; k < maxIterations; k++) {
    if (norm(g) === 0) return found(null, k);
    const { step, negative } = await newtonStep(objective, g, onStep);
    if (negative) return found("negative-curvature", k);
    const length = norm(step);
    if (length <= SMALL_STEP * (1 + norm(x))) return found(null, k);
    if (norm(x) > AWAY * (1 + norm(from))) return found("runs-away", k);
    const slope = dot(g, step);
    let t = 1;
    for (; t > 1e-10; t /= 2) {
      const next = x.slice();
      addScaled(next, t, step);
      objective.moveTo(next);
      const there = tryLoss(objective);
      // rounding decides once the decrease promised is below that of the loss
      if (there <= loss + 1e-4 * t * slope + 4 * Number.EPSILON * Math.abs(loss)) {
        x.set(next);
        break;
      }
    }
    objective.moveTo(x);
    if (t <= 1e-10) return found(length <= 1e-5 * (1 + norm(x)) ? null : "too-slow", k);
    loss = objective.gradient(g);
  }
  // a loss whose Newton steps stay long while its gradient vanishes has no minimum: separable classes
  return found(norm(x) > 4 * (1 + norm(from)) ? "runs-away" : "too-slow", maxIterations);
}

function tryLoss(objective: Objective): number {
  try {
    return objective.loss();
  } catch {
    return Number.POSITIVE_INFINITY; // too far: the loss is no number there, a shorter step is tried
  }
}

/** H⁻¹(−g) by conjugate gradients, in the range of H where H is singular. */
async function newtonStep(
  { hessian, size }: Objective,
  g: Float64Array,
  onStep: MinimumOptions["onStep"],
): Promise<{ step: Float64Array; negative: boolean }> {
  const step = new Float64Array(size);
  const r = g.map((v) => -v);
  const p = r.slice();
  const hp = new Float64Array(size);
  let rr = dot(r, r);
  const enough = 1e-20 * rr;
  let steepest = 0;
  for (let i = 0; i < Math.min(MAX_PRODUCTS, 4 * size) && rr > enough; i++) {
    hessian.apply(p, hp);
    await onStep?.();
    const php = dot(p, hp);
    const curvature = php / dot(p, p);
    steepest = Math.max(steepest, Math.abs(curvature));
    // directions without curvature are rounding
    if (Math.abs(curvature) <= 1e-12 * steepest) break;
    if (curvature < 0) return { step, negative: true };
    const alpha = rr / php;
    addScaled(step, alpha, p);
    addScaled(r, -alpha, hp);
    const next = dot(r, r);
    for (let j = 0; j < size; j++) p[j] = r[j]! + (next / rr) * p[j]!;
    rr = next;
  }
  return { step, negative: false };
}
