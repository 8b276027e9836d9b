/** A race to a target in whole sentences. */
import { showNumber } from "../../run/show-number.ts";
import type { Race, Rival } from "./race.ts";

/** One rival's sentence: "adam reaches 0.42 in 0.71× the steps of sgd (0.66–0.77, 8 seeds); beyond noise". */
export function rivalWords(favourite: string, rival: Rival, target: number): string {
  const { label, verdict, missed, seeds } = rival;
  const level = showNumber(target);
  const misses =
    missed === 0 ? "" : `; ${label} missed it with ${missed} of ${seeds} seeds, which count as a whole run`;
  switch (verdict) {
    case "ahead":
      return `${favourite} reaches ${level} in ${ratio(rival)} the steps of ${label} ${evidence(rival)}; beyond noise${misses}`;
    case "behind":
      return `${label} reaches ${level} in ${ratio(inverse(rival))} the steps of ${favourite} ${evidence(inverse(rival))}; beyond noise`;
    case "tie":
      return `a tie: ${favourite} reaches ${level} in ${ratio(rival)} the steps of ${label} ${evidence(rival)}, which is within 10 %`;
    case "undecided":
      return `${favourite} reaches ${level} in ${ratio(rival)} the steps of ${label} ${evidence(rival)}; not beyond noise: the seeds can't tell them apart${misses}`;
  }
}

/** All sentences of a race, the favourite's own misses and the absent included. */
export function raceWords({ favourite, missed, rivals, absent }: Race, target: number): string[] {
  const level = showNumber(target);
  const seeds = Math.max(0, ...rivals.map((r) => r.seeds));
  return [
    ...rivals.map((r) => rivalWords(favourite, r, target)),
    ...(missed === 0 ? [] : [`${favourite} itself missed ${level} with ${missed} of ${seeds} fresh seeds`]),
    ...absent.map((label) => `${label} did not reach ${level} with every seed at any rate`),
  ];
}

const inverse = (r: Rival): Rival => ({
  ...r,
  ratio: 1 / r.ratio,
  low: 1 / r.high,
  high: 1 / r.low,
  seconds: r.seconds === null ? null : 1 / r.seconds,
});
const two = (x: number): string => (x >= 99.5 ? showNumber(Math.round(x)) : String(Number(x.toPrecision(2))));
const ratio = (r: Rival): string => `${two(r.ratio)}×`;
const evidence = ({ low, high, seeds, seconds }: Rival): string =>
  `(${two(low)}–${high > 1e6 ? "∞" : two(high)}, ${seeds} seeds${seconds === null ? "" : `; ${two(seconds)}× the seconds`})`;
