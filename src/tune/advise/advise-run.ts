/** `advise`: a short list by the kind of problem, compared within a budget, and one sentence with its evidence. */
import { SteepestError } from "../../run/errors.ts";
import { showNumber } from "../../run/show-number.ts";
import type { Named, RunSpec } from "../../run/spec.ts";
import { allocate, allocated, CAREFUL_TRAININGS, MIN_TRAININGS } from "../compare/allocation.ts";
import type { CompareResult, Comparison } from "../compare/compare.ts";
import { parseContestants } from "../compare/contestants.ts";
import { costOf } from "../compare/cost.ts";
import type { Race, Rival } from "../compare/race.ts";
import { raceWords, rivalWords } from "../compare/race-words.ts";
import type { Candidate } from "./shortlist.ts";

/** How many candidates a budget compares. Throws `usage` where it does not reach for two. */
export function candidatesWithin(budget: number, listed: number): number {
  if (budget >= 2 * MIN_TRAININGS && listed >= 2)
    return Math.min(listed, Math.max(2, Math.floor(budget / CAREFUL_TRAININGS)));
  throw new SteepestError("usage", `a budget of ${showNumber(budget)} trainings compares nothing`, {
    help: `give --budget ${2 * MIN_TRAININGS} or more: two candidates cost so much`,
  });
}

export interface AdviceOptions {
  readonly candidates: readonly Candidate[];
  /** In trainings of the whole run. */
  readonly budget: number;
  /** The loss to reach; default: what all good ones do. */
  readonly target?: number | undefined;
}

/** The comparison that a short list asks for. The run's own optimizer takes part too, in the last place. */
export function adviceQuestion(run: RunSpec, { candidates, budget, target }: AdviceOptions): Comparison {
  const names = candidates.map((c) => c.optimizer);
  const own = candidates.some((c) => c.optimizer.split(":")[0] === run.optimizer.name)
    ? []
    : [run.optimizer.name];
  const count = candidatesWithin(budget, names.length + own.length);
  const listed = [...names.slice(0, count - own.length), ...own];
  return {
    run,
    contestants: parseContestants(listed.join(","), run.optimizer),
    seeds: [run.seed],
    ...allocated(allocate(budget, count)),
    target,
  };
}

/** What a comparison of a short list comes to. */
export interface RunAdvice {
  /** Null where every candidate diverged. */
  readonly optimizer: (Named & { readonly lr: number }) | null;
  /** "take muon at 0.02: it reaches 0.42 in 0.71× the steps of adamw (0.66–0.77, 5 seeds); beyond noise" */
  readonly sentence: string;
  /** Every rival, in a sentence each. */
  readonly evidence: readonly string[];
  /** Trainings that it cost, parts of trainings included. */
  readonly cost: number;
}

/**
 * Who needed the fewest steps with the fresh seeds, beyond noise or not: something has to be taken. Of those within 5 % of it the
 * favourite, else the one that is listed first.
 */
export function adviceOf(result: CompareResult, { contestants: order }: Comparison): RunAdvice {
  const { contestants, race, target, halved } = result;
  const cost = Number(costOf(result).trainings.toPrecision(3));
  const alive = contestants.filter((c) => c.best !== null);
  if (alive.length === 0) {
    const sentence = "every candidate diverged at every rate: look at the data, or clip the gradient";
    return { optimizer: null, sentence, evidence: [], cost };
  }
  const chosen =
    race === null
      ? (halved?.winner ?? alive[0]!.label)
      : quickest(
          race,
          order.map((c) => c.label),
        );
  const winner = contestants.find((c) => c.label === chosen)!;
  const lr = (race === null ? halved?.rates.get(chosen) : winner.toTarget?.lr) ?? winner.best!.lr;
  const evidence = race === null || target === null ? [] : raceWords(race, target.loss);
  const why =
    race === null || target === null
      ? lowest(result, winner.best!.final.mean)
      : reason(race, { chosen, target: target.loss });
  return {
    optimizer: { ...winner.optimizer, lr },
    sentence: `take ${chosen} at a rate of ${showNumber(lr)}: ${why}`,
    evidence,
    cost,
  };
}

/** Where nobody raced: by the final loss. */
function lowest({ target, halved }: CompareResult, loss: number): string {
  if (halved === null || target === null)
    return `its loss after the whole run is the lowest, ${showNumber(loss)}, with one seed`;
  return `with the first seed nobody reached ${showNumber(target.loss)}, so the loss after the whole run decided, over ${1 + halved.seeds} seeds`;
}

/** Steps within this factor of the fewest are as good. */
const NEAR = 1.05;

function quickest({ favourite, rivals }: Race, order: readonly string[]): string {
  const speeds = new Map([[favourite, 1], ...rivals.map((r): [string, number] => [r.label, r.ratio])]);
  const best = Math.max(...speeds.values());
  return [favourite, ...order].find((label) => (speeds.get(label) ?? 0) >= best / NEAR)!;
}

/** Whom the chosen one beats most narrowly, whom it equals, and of whom the seeds can't tell. */
function reason(race: Race, { chosen, target }: { chosen: string; target: number }): string {
  const { favourite, rivals, absent } = race;
  const own = rivals.find((r) => r.label === chosen);
  if (own !== undefined)
    return [
      rivalWords(favourite, own, target),
      ...list(
        "slower still:",
        rivals.filter((r) => r.verdict === "ahead"),
      ),
    ].join("; ");
  const having = (verdict: Rival["verdict"]): Rival[] => rivals.filter((r) => r.verdict === verdict);
  const near = having("ahead").reduce<Rival | null>(
    (a, r) => (a === null || r.ratio > a.ratio ? r : a),
    null,
  );
  return [
    ...(near === null ? [] : [rivalWords(favourite, near, target)]),
    ...list("a tie with", having("tie")),
    ...list("the seeds can't tell it from", having("undecided")),
    ...(absent.length === 0 ? [] : [`${absent.join(", ")} did not get there`]),
  ].join("; ");
}

const list = (words: string, rivals: readonly Rival[]): string[] =>
  rivals.length === 0 ? [] : [`${words} ${rivals.map((r) => r.label).join(", ")}`];
