/** What a probe's branches measured inside a training (`Probe.branches`): where a higher and a lower rate would have led. */
import type { RunLog } from "../run/log.ts";

/** Rates of the branches over the run's own, and its own over theirs: `APART` of src/probe/steepest_probe.py. */
export const APART: number = Math.sqrt(10);

/** Mean losses on the same batches: of the first weights, and at the end of the branches. Infinite where one ran away. */
export interface Branches {
  readonly start: number;
  readonly lower: number;
  readonly same: number;
  /** Null where the run has not come to its end. */
  readonly higher: number | null;
  /** What each would have gained over the run's own rate, as a share of the way from the start to the lowest of them. */
  readonly gains: { readonly lower: number; readonly higher: number | null };
}

/** The branches by the last value that `valueOf` has under a name; null where there are none to compare. */
export function branchesOf(valueOf: (name: string) => number | undefined): Branches | null {
  const [start, lower, same, higher = null] = ["start", "lower", "same", "higher"].map((name) =>
    valueOf(`branches/${name}`),
  );
  if (start === undefined || lower === undefined || same === undefined) return null;
  const way = start - Math.min(lower, same, higher ?? same);
  if (!(Number.isFinite(same) && Number.isFinite(start) && way > 0)) return null;
  const gain = (loss: number): number => (same - loss) / way;
  return {
    start,
    lower,
    same,
    higher,
    gains: { lower: gain(lower), higher: higher === null ? null : gain(higher) },
  };
}

export const measuredBranches = ({ series }: RunLog): Branches | null =>
  branchesOf((name) => series.find((s) => s.name === name)?.values.at(-1));

/** Gains from which a rate is worth changing, and below which a higher one is not: chosen on 24 tasks of test/probe/branch_tasks.py. */
const HIGHER = 0.04;
const NOT_HIGHER = 0.02;
const LOWER = 0.03;
/** What a verdict against the branches keeps of its probability, and what the curve leaves to each at least. */
const AGAINST = 1 / 50;
const LEAST = 0.02;

/** The curve's probabilities (too low, good, slightly high, too high) with those against what the branches measured taken down. */
export function weighBranches(p: readonly number[], { gains: { lower, higher } }: Branches): number[] {
  const fell = lower > LOWER;
  const rises = higher !== null && higher > HIGHER && !fell;
  const against = [fell || (higher !== null && higher < NOT_HIGHER), fell || rises, rises, rises];
  const kept = p.map((share, k) => Math.max(LEAST, share) * (against[k] ? AGAINST : 1));
  const sum = kept.reduce((a, b) => a + b, 0);
  return kept.map((share) => share / sum);
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

/** The gains in a sentence. */
export function branchWords({ gains: { lower, higher } }: Branches): string {
  const end = (gain: number): string =>
    gain <= -1
      ? "not get below its start"
      : `end ${percent(Math.abs(gain))} of the way ${gain < 0 ? "higher" : "lower"}`;
  const up = higher === null ? "" : `, at ${APART.toPrecision(2)} times the rate it would ${end(higher)}`;
  return `Measured in branches: at the rate over ${APART.toPrecision(2)} this run would ${end(lower)}${up}.`;
}
