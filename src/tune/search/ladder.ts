/** Trainings at rates a factor of two apart, each continued as far as somebody asked. */
import type { Trial, Trials } from "./trial.ts";

/** Rates are `first` times two to the power of a whole number: a place. */
export interface Ladder {
  readonly rateAt: (place: number) => number;
  /** Starts or continues the trainings at these places to `steps`, side by side. */
  readonly advance: (places: readonly number[], steps: number) => Promise<void>;
  /** The training has been taken so far, or it has died on the way. */
  readonly reached: (place: number, steps: number) => boolean;
  /** The score of `seed` (default: the first) after `steps`; infinite where the training died or is not there. */
  readonly score: (place: number, steps: number) => number;
  readonly died: (place: number) => boolean;
  /** Places with a training, ascending. */
  readonly places: () => readonly number[];
  readonly trialAt: (place: number) => Trial | undefined;
  /** Steps that `advance` would pay. */
  readonly cost: (places: readonly number[], steps: number) => number;
  /** Steps made so far. */
  readonly made: () => number;
  /** Of these, the steps that count against a budget. */
  readonly paid: () => number;
}

export function createLadder(trials: Trials, { first, seed }: { first: number; seed: number }): Ladder {
  const at = new Map<number, Trial>();
  const asked = new Map<number, number>();
  const dead = new Set<number>();
  const paidAt = (place: number): number => paidBy(at.get(place), asked.get(place) ?? 0);
  const rateAt = (place: number): number => Number((first * 2 ** place).toPrecision(6));
  const score = (place: number, steps: number): number =>
    at.get(place)?.scoreAt(steps) ?? Number.POSITIVE_INFINITY;
  return {
    rateAt,
    async advance(places, steps) {
      await Promise.all(
        places.map(async (place) => {
          if (dead.has(place)) return;
          let trial = at.get(place);
          if (trial === undefined) {
            trial = trials.start(rateAt(place), seed);
            at.set(place, trial);
          }
          asked.set(place, Math.max(steps, asked.get(place) ?? 0));
          if (missing(trial, steps) > 0) await trial.advance(steps);
          if (trial.scoreAt(steps) === Number.POSITIVE_INFINITY) {
            dead.add(place);
            trial.release();
          }
        }),
      );
    },
    reached: (place, steps) => dead.has(place) || missing(at.get(place), steps) === 0,
    score,
    died: (place) => dead.has(place),
    places: () => [...at.keys()].sort((a, b) => a - b),
    trialAt: (place) => at.get(place),
    cost: (places, steps) =>
      places.reduce((sum, place) => {
        if (dead.has(place)) return sum;
        const trial = at.get(place);
        const wanted = trial?.ended === true ? Math.min(steps, trial.steps) : steps;
        return sum + Math.max(0, wanted - paidAt(place));
      }, 0),
    made: () => [...at.values()].reduce((sum, t) => sum + t.steps, 0),
    paid: () => [...at.keys()].reduce((sum, place) => sum + paidAt(place), 0),
  };
}

/** Steps of a training that count against a budget, where `asked` were asked for. */
export const paidBy = (trial: Trial | undefined, asked: number): number =>
  trial === undefined ? 0 : trial.overruns === true ? Math.min(trial.steps, asked) : trial.steps;

/** Steps that a training has not made yet. */
function missing(trial: Trial | undefined, steps: number): number {
  if (trial === undefined) return steps;
  return trial.ended ? 0 : Math.max(0, steps - trial.steps);
}
