/** By which loss a program's trainings are compared: that of held-out rows where it logs one, as for run files. */
import type { Purpose } from "../../tune/find-lr/run-trials.ts";
import { hasLearnt } from "../../tune/search/score.ts";
import type { Curve, Scale } from "./curve.ts";

export interface Ranking {
  /** What is compared after so many steps: the training loss too, as long as nothing was evaluated. */
  readonly by: (steps: number) => Purpose;
  /** Has the training logged the evaluations that belong to its first `steps` steps? */
  readonly isEvaluated: (curve: Curve, scale: Scale, steps: number) => boolean;
}

export interface RankingOptions {
  readonly purpose: Purpose;
  /** What a search before has found. */
  readonly judgedBy: Purpose | undefined;
  /** Steps, from the scale's origin on, after which trainings are evaluated. */
  readonly evaluations: readonly number[];
  readonly curves: () => readonly Curve[];
  /** The training loss that trainings begin at. */
  readonly start: () => number;
}

const EPSILON = 1e-9;

export function createRanking({ purpose, judgedBy, evaluations, curves, start }: RankingOptions): Ranking {
  // until then the held-out loss is noise, or on a scale of its own, and the lowest rate would be the best
  const generalizes = (): boolean => {
    const limit = start();
    return curves().some(({ heldOut }) => heldOut?.losses.some((x) => hasLearnt(x, limit)));
  };
  const upTo = (steps: number): number | undefined => evaluations.findLast((at) => at <= steps + EPSILON);
  return {
    by: (steps) => {
      if (purpose === "training" || upTo(steps) === undefined) return "training";
      return judgedBy ?? (generalizes() ? "validation" : "training");
    },
    isEvaluated: ({ heldOut }, { origin }, steps) => {
      const due = upTo(steps);
      if (purpose === "training" || due === undefined) return true;
      return (heldOut?.steps.at(-1) ?? Number.NEGATIVE_INFINITY) - origin >= due - EPSILON;
    },
  };
}
