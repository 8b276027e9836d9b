/**
 * The rate of each parameter group, coordinate by coordinate: first all by one factor, then one at a time, the others held.
 * A group whose rate is held has a schedule of its own, which the search for the run's rate does not move.
 */
import { patternOf } from "../../nn/freeze.ts";
import { SteepestError } from "../../run/errors.ts";
import { showNumber } from "../../run/show-number.ts";
import type { GroupSpec, RunSpec } from "../../run/spec.ts";
import type { BuiltRun } from "../../train/build.ts";
import { usualBudget } from "./find-lr.ts";
import { schedulePeak } from "./schedule-peak.ts";
import type { FindLrResult } from "./types.ts";

/** The rate of one group, or of the parameters that no group takes. */
export interface GroupRate {
  /** As the run file names them; null: those that no group takes, whose rate is `optimizer.lr`. */
  readonly params: readonly string[] | null;
  /** As declared. */
  readonly before: number;
  /** What to write; as declared where the search found no rate, or the group has a schedule of its own. */
  readonly lr: number;
  /** Where the group's best rate is expected in nine cases of ten; null where it was not looked for. */
  readonly spread: readonly [number, number] | null;
  /** Why. */
  readonly text: string;
}

/** The `steepest.find-lr-groups/1` document. */
export interface GroupRates {
  readonly schema: "steepest.find-lr-groups/1";
  readonly run: string;
  readonly optimizer: string;
  /** All rates times one factor, as `find-lr` finds it. */
  readonly together: FindLrResult;
  /** In the order of the run file, the rest last; empty where no rate was found for all together. */
  readonly groups: readonly GroupRate[];
  /** In trainings of the run: that might be paid, and that were. */
  readonly budget: number;
  readonly cost: number;
}

/** Searches one run; null when interrupted. */
export type SearchRun = (spec: RunSpec, what: string, budget: number) => Promise<FindLrResult | null>;

/** The least that a search says something for, in trainings. */
const MIN_BUDGET = 1;

/**
 * Null when interrupted. `run` is the run as declared, built; `budget` is for all searches together, by default what `findLr`
 * spends for each. Throws `usage` for a run without groups and a budget that is too small, `option` for a schedule that sets
 * rates of its own.
 */
export async function findGroupRates(
  run: BuiltRun,
  { search, budget: given }: { readonly search: SearchRun; readonly budget?: number | undefined },
): Promise<GroupRates | null> {
  const { spec } = run;
  const places = placesOf(run);
  const searches = 1 + places.filter((p) => p.moves).length;
  const budget = given ?? searches * usualBudget(run.totalSteps);
  const each = budget / searches;
  if (each < MIN_BUDGET) {
    throw new SteepestError(
      "usage",
      `a budget of ${showNumber(budget)} trainings is too small for ${searches} searches`,
      {
        help: `give --budget ${searches * MIN_BUDGET} or more: one training for all rates together, and one for each group's`,
      },
    );
  }
  const together = await search(heldAt(run, places, null), "all rates together", each);
  if (together === null) return null;
  const found = (groups: readonly GroupRate[], cost: number): GroupRates => ({
    schema: "steepest.find-lr-groups/1",
    run: spec.name,
    optimizer: spec.optimizer.name,
    together,
    groups,
    budget,
    cost,
  });
  if (together.suggestion === null) return found([], together.cost);
  const factor = together.suggestion / run.lr;
  let now = places.map((p): Place => (p.moves ? { ...p, lr: p.lr * factor } : p));
  let cost = together.cost;
  const rates: GroupRate[] = [];
  for (const [i, place] of now.entries()) {
    const { params, lr } = place;
    const before = places[i]!.lr;
    if (!place.moves) {
      rates.push({ params, before, lr, spread: null, text: "it has a schedule of its own, and was left" });
      continue;
    }
    const own = await search(heldAt(run, now, i), nameOf(params), each);
    if (own === null) return null;
    cost += own.cost;
    const chosen = choose(lr, own);
    rates.push({ params, before, lr: chosen.lr, spread: own.spread, text: chosen.text });
    now = now.with(i, { ...place, lr: chosen.lr });
  }
  return found(rates, cost);
}

/** "head, *.bias"; "the rest". */
export const nameOf = (params: readonly string[] | null): string => params?.join(", ") ?? "the rest";

/** A rate that can't be told from the best found is kept: with it the ratio that somebody declared. */
function choose(
  lr: number,
  { suggestion, plateau, reason }: FindLrResult,
): { readonly lr: number; readonly text: string } {
  if (suggestion === null) return { lr, text: `no better rate of its own: ${reason}` };
  const same = suggestion === lr || (plateau !== null && plateau.low <= lr && lr <= plateau.high);
  if (same) return { lr, text: "as good as any with the other rates held" };
  const times = showNumber(suggestion / lr);
  return { lr: suggestion, text: `${times} times what the common factor gave` };
}

interface Place {
  readonly params: readonly string[] | null;
  readonly lr: number;
  /** Follows the run's rate. */
  readonly moves: boolean;
}

/** The groups, and the rest where there is one. */
function placesOf(run: BuiltRun): readonly Place[] {
  const { spec, lr } = run;
  const { groups = [], batchSize } = spec;
  if (groups.length === 0) {
    throw new SteepestError("usage", "--per-group needs parameter groups, and the run has none", {
      help: "add groups to the run file, or leave --per-group out",
    });
  }
  const scaling = typeof batchSize === "object" && (batchSize.lrScaling ?? "none") !== "none";
  if (scaling || schedulePeak(run).factor === null) {
    throw new SteepestError(
      "option",
      "--per-group holds rates, and here they don't follow optimizer.lr alone",
      {
        where: scaling ? "at batchSize.lrScaling" : "at schedule",
        help: "for the search, take a schedule in proportion to lr, and batches that leave the rate",
      },
    );
  }
  const taken = groups.map((g) => patternOf(g.params));
  const names = Object.keys(run.parts.model.params);
  const rest = names.some((name) => !taken.some((t) => t.test(name)));
  return [
    ...groups.map((g): Place => ({ params: g.params, lr: g.lr ?? lr, moves: g.schedule === undefined })),
    ...(rest ? [{ params: null, lr, moves: true }] : []),
  ];
}

/** The run with these rates; but for the place that moves (null: all do) they stay where they are when others are tried. */
function heldAt({ spec, lr, rate }: BuiltRun, places: readonly Place[], moving: number | null): RunSpec {
  const base = moving === null ? lr : places[moving]!.lr;
  // a schedule that follows the validation loss is taken as constant by every search
  const schedule = rate.followsMetric ? { name: "constant" } : spec.schedule;
  const groups = places.map(({ params, ...place }, i): GroupSpec => {
    const own = spec.groups?.[i] ?? {};
    const free = moving === null || i === moving;
    return { ...own, params: params ?? ["*"], lr: place.lr, ...(place.moves && !free && { schedule }) };
  });
  return { ...spec, optimizer: { ...spec.optimizer, lr: base }, groups };
}
