/** What overfitting seen in a part of the run says about the whole. */
import type { SearchResult } from "../search/verdict.ts";
import type { RunTrials } from "./run-trials.ts";
import type { SchedulePeak } from "./schedule-peak.ts";

/** Held-out losses that differ by less than this share of the gain are alike. */
const ALIKE = 0.02;

/**
 * Where trainings at the best rate or the one above it have passed their lowest held-out loss, the best rate is the one
 * that gets there at the end. How far a training gets is, at such rates, the sum of its rates: over the whole run the same
 * sum is reached by a rate that is lower by the share of the schedule that was run. Gives that factor; 1 where no training
 * is past its lowest, or the whole run was compared.
 */
export function overfittingFactor(
  { rate, steps, score, reference }: Pick<SearchResult, "rate" | "steps" | "score" | "reference">,
  trials: Pick<RunTrials, "length" | "rates" | "courseOf">,
  { whole, parts }: { readonly whole: SchedulePeak["at"]; readonly parts: SchedulePeak["at"] },
): number {
  if (rate === null || steps >= trials.length) return 1;
  const past = (r: number): boolean => {
    const course = trials.courseOf(r).filter(([n]) => n <= steps);
    const last = course.at(-1);
    if (last === undefined || last[0] !== steps) return false;
    const [, end] = last;
    return course.some(
      ([n, s]) =>
        n < steps &&
        s.training > end.training &&
        s.validation !== null &&
        end.validation !== null &&
        end.validation - s.validation > ALIKE * (reference - score),
    );
  };
  const near = (r: number): number => trials.rates().find((x) => Math.abs(Math.log2(x / r)) < 0.01) ?? r;
  if (!past(rate) && !past(near(2 * rate))) return 1;
  const sum = (at: SchedulePeak["at"], until: number): number => {
    let total = 0;
    for (let k = 0; k < until; k++) total += at(k).factor;
    return total;
  };
  return sum(parts, steps) / sum(whole, trials.length);
}
