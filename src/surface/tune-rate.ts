/** The learning rate at which an optimizer does best on a surface: the best of a grid, each tried from the same start. */
import { createDescent } from "./descent.ts";
import { evaluator } from "./evaluate.ts";
import { follow, type Trajectory, type TrajectoryOptions } from "./trajectory.ts";

/** Four rates a decade from 1e-7 to 10. */
export const RATES: readonly number[] = Array.from({ length: 33 }, (_, k) =>
  Number(`${[1, 1.78, 3.16, 5.62][k % 4]}e${Math.floor(k / 4) - 7}`),
);

/** The path at the best rate found, and that rate. */
export interface TunedTrajectory extends Trajectory {
  readonly lr: number;
}

/**
 * The lowest minimum first, of equal ones the one reached in the fewest steps; where no rate reaches a minimum, the
 * lowest last loss. One program serves all rates.
 */
export function tunedTrajectory(
  options: Omit<TrajectoryOptions, "lr">,
  { rates = RATES }: { rates?: readonly number[] } = {},
): TunedTrajectory {
  const descent = createDescent({ ...options, lr: rates[0]! });
  const evaluate = evaluator(
    options.surface,
    options.backend === undefined ? {} : { backend: options.backend },
  );
  const tried = rates.map((lr) => {
    descent.reset({ lr });
    return { ...follow(descent, { ...options, terms: false }, evaluate), lr };
  });
  const { lr } = tried.reduce((best, t) => (better(t, best) ? t : best));
  descent.reset({ lr });
  return { ...follow(descent, options, evaluate), lr };
}

function better(a: Trajectory, b: Trajectory): boolean {
  const [va, vb] = [a.verdict, b.verdict];
  const [doneA, doneB] = [va.outcome === "converged", vb.outcome === "converged"];
  if (doneA !== doneB) return doneA;
  if (doneA) {
    const [low, high] = [va.minimum!.value, vb.minimum!.value];
    const same = Math.abs(low - high) <= 1e-6 * Math.max(1, Math.abs(low), Math.abs(high));
    return same ? va.step! < vb.step! : low < high;
  }
  return lastLoss(a) < lastLoss(b);
}

/** Of a path that was cut, worse than any. */
const lastLoss = ({ losses, verdict }: Trajectory): number =>
  verdict.outcome === "diverged" || verdict.outcome === "undefined"
    ? Number.POSITIVE_INFINITY
    : losses.at(-1)!;
