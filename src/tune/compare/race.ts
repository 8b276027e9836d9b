/**
 * Who reaches a target in fewer steps, by seeds that had no part in choosing rates, target or favourite. Each rival is judged
 * against the favourite on log(steps of the favourite / steps of the rival), seed by seed, by Student's t. Seeds are added
 * until every rival is judged or no more are allowed.
 *
 * The interim analyses (after 3, 5, 8, 12, 18 … seeds) are fixed beforehand, and each takes an equal part of 5 %: by the union bound all
 * intervals of one rival hold the true ratio together with probability 95 %, so whenever one stops, what it says is wrong in at
 * most 5 % of comparisons. Assumes independent seeds and log ratios that are normal; heavier tails make it more careful.
 */
import { meanOf, tPoint } from "./student-t.ts";

/** One training on its way to the target. */
export interface Arrival {
  /** Updates until it was reached; null where it was not. */
  readonly steps: number | null;
  /** Updates of a whole training. */
  readonly of: number;
  /** Until the target was reached, or the training had ended; null where it was not measured. */
  readonly seconds: number | null;
}

/**
 * `ahead`, `behind`: the favourite reaches the target in fewer or more steps, beyond the noise. `tie`: within 10 % of each other.
 * `undecided`: the seeds could not tell.
 */
/** How the favourite stands to a rival. */
export type RaceVerdict = "ahead" | "behind" | "tie" | "undecided";

/** One of those that race with the favourite, on fresh seeds. */
export interface Rival {
  readonly label: string;
  readonly verdict: RaceVerdict;
  /** Steps of the favourite over those of the rival: geometric mean over the seeds, and the ends of its interval. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  /** The same of seconds, without an interval: they depend on what else the machine does. Null where not measured. */
  readonly seconds: number | null;
  /** Seeds that judged. */
  readonly seeds: number;
  /** Of them, those with which it did not reach the target: they count as the steps of a whole training. */
  readonly missed: number;
}

/** What fresh seeds say of a comparison's way to its target. */
export interface Race {
  readonly favourite: string;
  /** Of the fresh seeds, those with which the favourite did not reach the target. While there is one, it is ahead of nobody. */
  readonly missed: number;
  /** In the order of the entrants. */
  readonly rivals: readonly Rival[];
  /** That never got to the target while rates were chosen. */
  readonly absent: readonly string[];
  /** Trainings that it cost. */
  readonly trainings: number;
}

/** Probability that a rival's intervals, all interim analyses together, leave out the true ratio. */
export const ERROR = 0.05;
/** Ratios within this factor of 1 are a tie. */
export const TIE = 1.1;
const FIRST_INTERIM = 3;
const GROWTH = 1.5;

/** After how many seeds there is an interim analysis: 3, 5, 8, 12 … up to `max`. */
export function interimsUpTo(max: number): number[] {
  const interims: number[] = [];
  for (let n = FIRST_INTERIM; n < max; n = Math.ceil(n * GROWTH)) interims.push(n);
  return max < 2 ? [] : [...interims, max];
}

/** Seeds of favourite and rival in the same order; `error` is the part of this interim analysis. */
export function judgeRival(
  favourite: readonly Arrival[],
  rival: readonly Arrival[],
  error: number,
): Omit<Rival, "label"> {
  const pairs = favourite
    .map((a, k): [Arrival, Arrival] => [a, rival[k]!])
    .filter(([a, b]) => a.steps !== null || b.steps !== null);
  const missed = rival.filter((b) => b.steps === null).length;
  const known = { seeds: favourite.length, missed };
  const ratios = meanOf(pairs.map(([a, b]) => Math.log(stepsOf(a) / stepsOf(b))));
  if (ratios === null) {
    const none = { ratio: 1, low: 0, high: Number.MAX_VALUE, seconds: null };
    return { verdict: "undecided", ...none, ...known };
  }
  const half = ratios.se === null ? Number.POSITIVE_INFINITY : tPoint(ratios.n - 1, error) * (ratios.se || 0);
  const [low, high] = [ratios.mean - half, Math.min(ratios.mean + half, Math.log(Number.MAX_VALUE))];
  const times = pairs.flatMap(([a, b]) => (a.seconds && b.seconds ? Math.log(a.seconds / b.seconds) : []));
  return {
    verdict: verdictOf(low, high, { favouriteMissed: favourite.some((a) => a.steps === null), missed }),
    ratio: Math.exp(ratios.mean),
    low: Math.exp(low),
    high: Math.exp(high),
    seconds: times.length < pairs.length ? null : Math.exp(meanOf(times)!.mean),
    ...known,
  };
}

/** A whole training stands for one that never came: its true steps are more. */
const stepsOf = ({ steps, of }: Arrival): number => Math.max(1, steps ?? of);

function verdictOf(
  low: number,
  high: number,
  { favouriteMissed, missed }: { favouriteMissed: boolean; missed: number },
): RaceVerdict {
  // who misses is slower than counted, which is against the other one's lead only where the other one missed too
  if (high < 0 && !favouriteMissed) return "ahead";
  if (low > 0 && missed === 0) return "behind";
  const near = Math.log(TIE);
  return low > -near && high < near && !favouriteMissed && missed === 0 ? "tie" : "undecided";
}

/** The favourite first. `run` trains an entrant with the fresh seed of that number (from 0). */
export async function race<T extends { readonly label: string }>(
  entrants: readonly T[],
  {
    max,
    run,
    absent = [],
  }: {
    max: number;
    run: (entrant: T, seed: number) => Promise<Arrival>;
    absent?: readonly string[];
  },
): Promise<Race | null> {
  const [favourite, ...others] = entrants;
  const interims = interimsUpTo(max);
  if (favourite === undefined || interims.length === 0 || others.length + absent.length === 0) return null;
  const arrivals = new Map<T, Arrival[]>(entrants.map((e) => [e, []]));
  const rivals = new Map<T, Rival>();
  for (const seeds of interims) {
    const open = others.filter((o) => (rivals.get(o)?.verdict ?? "undecided") === "undecided");
    if (open.length === 0) break;
    await Promise.all(
      [favourite, ...open].map(async (entrant) => {
        const known = arrivals.get(entrant)!;
        const numbers = Array.from({ length: seeds - known.length }, (_, i) => known.length + i);
        known.push(...(await Promise.all(numbers.map((n) => run(entrant, n)))));
      }),
    );
    for (const rival of open) {
      const { label } = rival;
      const judged = judgeRival(arrivals.get(favourite)!, arrivals.get(rival)!, ERROR / interims.length);
      rivals.set(rival, { label, ...judged });
    }
  }
  return {
    favourite: favourite.label,
    missed: arrivals.get(favourite)!.filter((a) => a.steps === null).length,
    rivals: others.map((o) => rivals.get(o)!),
    absent,
    trainings: [...arrivals.values()].reduce((n, list) => n + list.length, 0),
  };
}
