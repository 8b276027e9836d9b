/** Why a rate is far from the best of a grid, as far as the grid's figures and a longer search say. */
import { bestOf, curveOf, scoreRate } from "./score.ts";
import type { Measure, Truth } from "./truth.ts";

/** No more of the way than this is lost: the optimum is flat. */
const FLAT = 0.05;

const show = (x: number): string => String(Number(x.toPrecision(2)));

/** `longer`: what the search finds with the largest budget, where that is within a factor of three. */
export function reasonOf(
  truth: Truth,
  measure: Measure,
  { rate, longer }: { readonly rate: number; readonly longer: number | null },
): string {
  const curve = curveOf(truth, measure);
  const best = bestOf(truth, measure);
  const at = measure === "training" ? 0 : 1;
  const lost = (y: number): number => (y - best.y) / (truth.start[at] - best.y);
  const here = scoreRate(truth, measure, rate).lost;
  if (here <= FLAT) {
    const flat = curve.filter((p) => lost(p.y) <= FLAT).map((p) => 2 ** p.x);
    return `flat from ${show(flat[0]!)} to ${show(flat.at(-1)!)}`;
  }
  if (longer !== null) return `length: eight trainings find ${show(longer)}`;
  if (here >= 1) return "nothing holds: worse than untrained";
  const [from, to] = [Math.log2(rate), best.x].sort((a, b) => a - b) as [number, number];
  const ridge = Math.max(...curve.filter((p) => p.x > from && p.x < to).map((p) => lost(p.y)));
  if (ridge > here) return `another valley: up to ${show(100 * ridge)} % lost between them`;
  const own = Object.values(truth.rates)[0]!.map((_, seed) => bestOfSeed(truth, at, seed));
  const [low, high] = [Math.min(...own), Math.max(...own)];
  if (high <= 2 * low) return `the search: all seeds have their best near ${show(2 ** best.x)}`;
  return `chance: the seeds' own bests are ${show(low)} to ${show(high)}`;
}

function bestOfSeed({ rates }: Truth, at: 0 | 1, seed: number): number {
  const ends = Object.entries(rates).map(([rate, e]) => ({
    rate: Number(rate),
    y: e[seed]![at] ?? Number.POSITIVE_INFINITY,
  }));
  return ends.reduce((a, b) => (b.y < a.y ? b : a)).rate;
}
