/** The search for one optimizer's rate in a comparison: that of `find-lr`, and where whole trainings are to begin. */

import type { RunSpec } from "../../run/spec.ts";
import { buildRun } from "../../train/index.ts";
import { findLr } from "../find-lr/find-lr.ts";
import type { FindLrResult } from "../find-lr/types.ts";
import type { CellTools } from "./cell.ts";

/** What a search is asked, beside the run. */
export interface RateQuestion {
  /** Name and options, without a rate. */
  readonly optimizer: Omit<RunSpec["optimizer"], "lr">;
  readonly seed: number;
  readonly budget: number | null;
  readonly bounds: readonly [number, number];
}

/** What the search gave: where whole trainings begin, and why. */
export interface RateSearch extends RateQuestion {
  /** Where whole trainings begin: the suggestion, else the best of what was tried, else the lowest of it. */
  readonly rate: number;
  /** Some training survived. */
  readonly alive: boolean;
  /** Why this is no suggestion; null where it is one. */
  readonly refusal: FindLrResult["refusal"];
  readonly reason: string;
  /** Least and greatest rate of which a part was trained, and the least that died; null where none did. */
  readonly tried: readonly [number, number];
  readonly edge: number | null;
  /** In whole trainings. */
  readonly cost: number;
}

/** Looks for one optimizer's rate as `find-lr` does, without pictures. Null when aborted. */
export async function searchCellRate(
  run: RunSpec,
  question: RateQuestion,
  { host, backend, signal, clock }: Omit<CellTools, "onProgress">,
): Promise<RateSearch | null> {
  const { optimizer, seed, budget, bounds } = question;
  const built = await buildRun(
    { ...run, optimizer: optimizer as RunSpec["optimizer"], seed },
    { host, backend },
  );
  const found = await findLr(built, {
    budget: budget ?? undefined,
    from: bounds[0],
    to: bounds[1],
    sweep: false,
    curvature: false,
    signal,
    clock,
  });
  if (found === null) return null;
  const rates = found.trials.map((t) => t.lr);
  const lowest = Math.min(...rates);
  const best = found.best[found.for] ?? found.best.training;
  return {
    ...question,
    rate: found.suggestion ?? best ?? lowest,
    alive: found.trials.some((t) => !t.died),
    refusal: found.refusal,
    reason: found.reason,
    tried: [lowest, Math.max(...rates)],
    edge: found.edge,
    cost: found.cost,
  };
}
