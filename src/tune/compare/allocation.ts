/** How a comparison of several optimizers spends a budget of trainings: searches, rates, further seeds that choose, fresh ones that judge. */
import { SteepestError } from "../../run/errors.ts";
import { showNumber } from "../../run/show-number.ts";
import type { Comparison } from "./compare.ts";
import { halvingCost } from "./halving.ts";
import { FAR_RATES, searchPlan } from "./rates.ts";

/** What each optimizer gets, in trainings of the whole run. */
export interface Allocation {
  /** Of the search for the rate. */
  readonly search: number;
  /** Rates of whole trainings around what it finds, at most. */
  readonly rates: number;
  /** And rates far from it, for the sensitivity. */
  readonly wide: boolean;
  /** Rates of all optimizers together between which further seeds choose; 0: the first seed does. */
  readonly arms: number;
  /** Fresh seeds that judge, at most. */
  readonly fresh: number;
}

/** What an optimizer gets at least: a search of 1.5 trainings and what it needs beside them, three rates, three fresh seeds. */
const MIN = { search: 1.5, beside: 0.5, rates: 3, fresh: 3 } as const;
/** In trainings. */
export const MIN_TRAININGS: number = MIN.search + MIN.beside + MIN.rates + MIN.fresh;
/** Where rates are chosen with care. */
export const CAREFUL_TRAININGS = 15;
/** Rates that are tried in whole beyond three, at most: where the best of three stands at their end. */
const MORE_RATES = 2;
/** Of what is left, the share that goes into choosing rates; the rest judges. */
const CHOOSING = 0.75;

/**
 * More rates and seeds where the budget is large. With `wide`, rates far from the best too, where rates are chosen with care all the
 * same. Throws `usage` where the budget is too small for so many optimizers.
 */
export function allocate(
  budget: number,
  optimizers: number,
  { wide = false }: { wide?: boolean } = {},
): Allocation {
  const fewest = optimizers * MIN_TRAININGS;
  if (budget < fewest) {
    throw new SteepestError(
      "usage",
      `${showNumber(budget)} trainings are too few to compare ${optimizers} optimizers`,
      { help: `allow ${fewest} or more: ${MIN_TRAININGS} for each` },
    );
  }
  const far = wide && budget >= optimizers * (CAREFUL_TRAININGS + FAR_RATES);
  let spare = budget - fewest - (far ? optimizers * FAR_RATES : 0);
  const more = Math.min(MORE_RATES, Math.floor(spare / optimizers / 2));
  spare -= more * optimizers;
  const rates = MIN.rates + more;
  let arms = optimizers * rates;
  while (arms > 0 && halvingCost(arms) > CHOOSING * spare) arms--;
  if (arms < 2) arms = 0;
  const fresh = MIN.fresh + Math.floor((spare - halvingCost(arms)) / optimizers);
  return { search: MIN.search, rates, wide: far, arms, fresh };
}

/** The part of a comparison that an allocation decides; it wants one seed to begin with. */
export const allocated = (
  { search, rates, wide, arms, fresh }: Allocation,
  bounds?: readonly [number, number],
): Required<Pick<Comparison, "plan" | "arms" | "freshSeeds">> => {
  const plan = searchPlan({ budget: search });
  const maxRates = rates + (wide ? FAR_RATES : 0);
  return { plan: { ...plan, bounds: bounds ?? plan.bounds, wide, maxRates }, arms, freshSeeds: fresh };
};
