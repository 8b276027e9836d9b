/** Cells → what they say of each optimizer: best rate, losses, time to a target, divergence, sensitivity, and who is ahead. */
import type { Named } from "../../run/spec.ts";
import type { Cell, Course } from "./cell.ts";
import type { Contestant } from "./contestants.ts";
import type { RateSearch } from "./rate-search.ts";
import { bestOf, type Tried } from "./rates.ts";
import { type Sensitivity, sensitivity } from "./sensitivity.ts";
import { type Mean, meanOf, t95 } from "./student-t.ts";

/** The loss that optimizers are ranked by: of held-out rows, or of the rows they learn from. */
export type RankedBy = "validation" | "training";

/** What the trainings at one rate came to. */
export interface RateResult {
  readonly lr: number;
  /**
   * Final loss that ranks, mean over the seeds that were run; null where one diverged: a rate that fails once in a while is
   * no choice.
   */
  readonly final: number | null;
  readonly se: number | null;
  /** The same without the mean, in the seeds' order; null for a non-finite end. Far from the best the first seed's alone. */
  readonly finals: readonly (number | null)[];
  readonly nonFinite: number;
  /** Seeds whose training loss ended above its start. */
  readonly risen: number;
  /** Seeds whose validation loss alone did: they count. */
  readonly overfitted: number;
  readonly toTarget: ToTarget | null;
  /** It got to the target with every seed and, unless none does, ends near it or below. */
  readonly held: boolean;
}

/** How soon a rate got to the target loss. */
export interface ToTarget {
  readonly lr: number;
  /** Updates until the ranked loss was first at or below the target, mean over the seeds, all of which reached it. */
  readonly steps: Mean;
  readonly seconds: number;
}

/** The rate with the lowest final loss that ranks, with its losses over the seeds. */
export interface BestRate {
  readonly lr: number;
  readonly final: Mean;
  readonly lowest: Mean;
  readonly training: Mean;
  readonly validation: Mean | null;
  /** The best rate is the least or greatest that was tried: a better one may lie beyond. */
  readonly atEdge: "low" | "high" | null;
}

/** What a comparison found for one optimizer, at each of its rates. */
export interface ContestantResult {
  readonly label: string;
  readonly optimizer: Named;
  /** Rising. */
  readonly rates: readonly RateResult[];
  /** Null when every rate diverged. */
  readonly best: BestRate | null;
  /** How its rate was looked for; null where the rates were listed. */
  readonly search: RateSearch | null;
  /** The greatest rate below the first that diverged; null when none was stable. */
  readonly stableTo: number | null;
  /** The least rate at which a seed diverged, or a part of a training in the search did; null when none did. */
  readonly divergesFrom: number | null;
  readonly sensitivity: Sensitivity | null;
  /**
   * At the rate that gets there first, of those that don't diverge later and, where there are such, end near the target or below
   * it: a rate that overfits away from it is no answer. Null when none does with every seed.
   */
  readonly toTarget: ToTarget | null;
}

/** Whether the first is better than the second by more than the seeds' noise: a paired t interval. */
export interface Judgement {
  readonly first: string;
  readonly second: string;
  /** Final loss of the second minus that of the first, seed by seed. */
  readonly difference: number;
  /** Half the width of the difference's 95 % interval; null with one seed. */
  readonly margin: number | null;
  /** The interval leaves zero out; null with one seed. */
  readonly clear: boolean | null;
}

/** The loss that optimizers are to reach. */
export interface Target {
  readonly loss: number;
  /**
   * How it was chosen: `given`; `common`, the least loss that every good optimizer reached at its best rate with every seed;
   * `best`, the least that the best one did.
   */
  readonly by: "given" | "common" | "best";
  /** Chosen from the results. */
  readonly chosen: boolean;
}

/** A comparison's outcome: the optimizers each at its own best rate, in order. */
export interface Summary {
  readonly rankedBy: RankedBy;
  readonly seeds: readonly number[];
  /** Loss before the first step, mean over seeds. */
  readonly start: number;
  readonly target: Target | null;
  /** Best first; those without a stable rate last. */
  readonly contestants: readonly ContestantResult[];
  readonly judgement: Judgement | null;
}

/** Sensitivity looks so far on both sides of the best; whole trainings after a search reach further. */
export const SENSITIVITY_FACTOR = 10;

/** A rate that got to the target and gave back more than this share of the way has not held it. */
const LOSES = 0.1;

/** Which of a cell's losses ranks. */
const ranked = (cell: Cell): Course => cell.validation ?? cell.training;

/** The loss that ranks, after the last step; null where the training broke down or its loss rose. */
export const finalOf = (cell: Cell): number | null =>
  cell.status === "ok" || cell.status === "overfitted" ? ranked(cell).final : null;

export interface SummaryQuestion {
  readonly seeds: readonly number[];
  readonly searches?: ReadonlyMap<Contestant, RateSearch>;
  readonly target?: number | "best" | undefined;
}

/**
 * Puts the cells of a comparison together: best rate and edge of divergence for each optimizer, their order,
 * steps to a common loss, and whether the lead is clear.
 */
export function summarize(
  cellsOf: ReadonlyMap<Contestant, readonly Cell[]>,
  { seeds, searches = new Map(), target }: SummaryQuestion,
): Summary {
  const all = [...cellsOf.values()].flat();
  const start = meanOf(
    seeds.flatMap((seed) => all.find((c) => c.seed === seed) ?? []).map((c) => ranked(c).start),
  )!;
  const found = [...cellsOf].map(([contestant, cells]) => ({ contestant, rates: ratesOf(cells, seeds) }));
  const goal: Target | null =
    typeof target === "number"
      ? { loss: target, by: "given", chosen: false }
      : chosenTarget(found, { start: start.mean, by: target ?? "common" });
  const results = found
    .map(({ contestant, rates }) =>
      resultOf(contestant, {
        rates,
        goal,
        search: searches.get(contestant) ?? null,
        start: start.mean,
      }),
    )
    .sort((a, b) => (a.best?.final.mean ?? Infinity) - (b.best?.final.mean ?? Infinity));
  return {
    rankedBy: all.some((c) => c.validation !== null) ? "validation" : "training",
    seeds,
    start: start.mean,
    target: goal,
    contestants: results,
    judgement: judge(results[0], results[1]),
  };
}

/** Cells by rate, seeds in order. */
function ratesOf(
  cells: readonly Cell[],
  seeds: readonly number[],
): (RateResult & Tried & { readonly at: readonly Cell[] })[] {
  const lrs = [...new Set(cells.map((c) => c.optimizer.lr as number))].sort((a, b) => a - b);
  return lrs.map((lr) => {
    const at = seeds.flatMap((seed) => cells.find((c) => c.optimizer.lr === lr && c.seed === seed) ?? []);
    const finals = at.map((c) => ranked(c).final);
    const healthy = at.every((c) => c.status === "ok" || c.status === "overfitted")
      ? meanOf(finals as number[])
      : null;
    return {
      lr,
      final: healthy?.mean ?? null,
      se: healthy?.se ?? null,
      first: at[0]?.seed === seeds[0] && healthy !== null ? finals[0]! : null,
      complete: at.length === seeds.length,
      finals,
      nonFinite: at.filter((c) => c.status === "non-finite").length,
      risen: at.filter((c) => c.status === "risen").length,
      overfitted: at.filter((c) => c.status === "overfitted").length,
      toTarget: null,
      held: false,
      at,
    };
  });
}

/** Least and greatest rate of an optimizer's trainings, whole or in parts. */
export function triedSpan({ rates, search }: ContestantResult): [number, number] {
  const all = [...rates.map((r) => r.lr), ...(search?.tried ?? [])];
  return [Math.min(...all), Math.max(...all)];
}

/** What was tried so far, for the choice of the next rates. */
export const triedRates = (cells: readonly Cell[], seeds: readonly number[]): Tried[] =>
  ratesOf(cells, seeds).map(({ lr, final, first, complete }) => ({ lr, final, first, complete }));

interface Found {
  readonly contestant: Contestant;
  readonly rates: ReturnType<typeof ratesOf>;
}

/**
 * Good are those that cover at least half of the way from the start to the lowest final loss of all. Rounded, so that it can be
 * typed.
 */
function chosenTarget(
  found: readonly Found[],
  { start, by }: { start: number; by: "common" | "best" },
): Target | null {
  const bests = found.flatMap(({ rates }) => bestOf(rates) ?? []);
  if (bests.length === 0) return null;
  const lowest = Math.min(...bests.map((b) => b.final!));
  const good = bests.filter((b) =>
    by === "best" ? b.final === lowest : start - b.final! >= (start - lowest) / 2,
  );
  const reached = Math.max(...good.flatMap((b) => b.at.map((c) => ranked(c).best!)));
  return { loss: roundUp(reached), by, chosen: true };
}

/** Three digits, never below. */
export function roundUp(x: number): number {
  if (x === 0) return 0;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(x))) - 2);
  return Number((Math.ceil(x / unit) * unit).toPrecision(3));
}

interface ResultParts {
  readonly rates: Found["rates"];
  readonly goal: Target | null;
  readonly search: RateSearch | null;
  readonly start: number;
}

function resultOf(
  { label, optimizer }: Contestant,
  { rates, goal, search, start }: ResultParts,
): ContestantResult {
  const timed = rates.map((r) => ({ ...r, toTarget: goal === null ? null : timeTo(goal.loss, r.lr, r.at) }));
  const best = bestOf(timed);
  const dead = [timed.find((r) => r.final === null)?.lr, search?.edge].filter((lr) => lr != null);
  const diverged = dead.length === 0 ? null : Math.min(...dead);
  const stable = timed.filter((r) => r.final !== null && (diverged === null || r.lr < diverged)).at(-1);
  const arrived = timed.filter((r) => r.complete && r.final !== null && r.toTarget !== null);
  const held =
    goal === null ? [] : arrived.filter((r) => r.final! <= goal.loss + LOSES * (start - goal.loss));
  const there = held.length > 0 ? held : arrived;
  const fastest = there.reduce<ToTarget | null>(
    (first, { toTarget }) => (first === null || toTarget!.steps.mean < first.steps.mean ? toTarget : first),
    null,
  );
  return {
    label,
    optimizer,
    rates: timed.map((t) => {
      const { at: _, complete: __, first: ___, ...r } = t;
      return { ...r, held: there.includes(t) };
    }),
    best: best === null ? null : bestRate(best, timed),
    search,
    stableTo: stable?.lr ?? null,
    divergesFrom: diverged,
    sensitivity:
      best === null ? null : sensitivity(timed, { best: best.lr, start, factor: SENSITIVITY_FACTOR }),
    toTarget: fastest,
  };
}

function bestRate({ lr, at }: Found["rates"][number], rates: readonly RateResult[]): BestRate {
  const over = (pick: (c: Cell) => Course | null, what: "final" | "best"): Mean | null =>
    meanOf(at.flatMap((c) => pick(c)?.[what] ?? []));
  return {
    lr,
    final: over(ranked, "final")!,
    lowest: over(ranked, "best")!,
    training: over((c) => c.training, "final")!,
    validation: over((c) => c.validation, "final"),
    atEdge: lr === rates[0]!.lr ? "low" : lr === rates.at(-1)!.lr ? "high" : null,
  };
}

/** Null unless every seed got there. Between two kept lows the step is interpolated. */
function timeTo(goal: number, lr: number, cells: readonly Cell[]): ToTarget | null {
  const steps = cells.map((c) => stepsTo(goal, c));
  if (steps.some((s) => s === null)) return null;
  const seconds = cells.map((c, i) => (steps[i]! / c.steps) * c.seconds);
  return { lr, steps: meanOf(steps as number[])!, seconds: meanOf(seconds)!.mean };
}

/** Updates until the ranked loss was first at or below the goal; null where it never was. */
export function stepsTo(goal: number, { lows }: Cell): number | null {
  const at = lows.findIndex(([, loss]) => loss <= goal);
  if (at < 0) return null;
  const [step, loss] = lows[at]!;
  const before = lows[at - 1];
  if (before === undefined) return step;
  const share = (before[1] - goal) / (before[1] - loss);
  return Math.ceil(before[0] + share * (step - before[0]));
}

/** The paired t test of two, seed by seed: the same seed has the same data order and initial values. */
export function judge(first?: ContestantResult, second?: ContestantResult): Judgement | null {
  if (!first?.best || !second?.best) return null;
  const finals = (r: ContestantResult): readonly (number | null)[] =>
    r.rates.find((x) => x.lr === r.best!.lr)!.finals;
  const [a, b] = [finals(first), finals(second)];
  const { mean, se, n } = meanOf(a.map((x, i) => b[i]! - x!))!;
  const margin = se === null ? null : t95(n - 1) * se;
  return {
    first: first.label,
    second: second.label,
    difference: mean,
    margin,
    clear: margin === null ? null : Math.abs(mean) > margin,
  };
}
