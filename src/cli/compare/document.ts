/** The comparison as one record: compare.json, `--json`, and what table and charts are made from. */
import type { BuiltRun } from "../../train/index.ts";
import { type Advice, type Agreement, advise, agreement } from "../../tune/compare/advise.ts";
import { lossWindow } from "../../tune/compare/cell.ts";
import type { CompareResult, Comparison } from "../../tune/compare/compare.ts";
import { type CompareCost, costOf } from "../../tune/compare/cost.ts";
import { judge, SENSITIVITY_FACTOR } from "../../tune/compare/summary.ts";

export interface CompareDocument extends CompareResult {
  readonly schema: "steepest.compare/1";
  readonly status: "done";
  readonly folder: string;
  readonly run: {
    readonly name: string;
    readonly rows: number;
    readonly batchSize: number;
    readonly steps: number;
    readonly parameters: number;
    readonly schedule: string;
    readonly backend: string;
  };
  /** Steps that a training loss is the mean of. */
  readonly window: number;
  /** Sensitivity looks at rates from best/factor to best·factor. */
  readonly sensitivityFactor: number;
  /** Rates that searches could not leave; null for a list of rates. */
  readonly bounds: readonly [number, number] | null;
  readonly cells: {
    /** Those of fresh seeds and of halving included; the counts below are of the others. */
    readonly total: number;
    readonly ran: number;
    readonly nonFinite: number;
    readonly risen: number;
    readonly overfitted: number;
  };
  /** Trainings that the searches cost, all together; 0 for a list of rates. */
  readonly searchCost: number;
  readonly cost: CompareCost;
  readonly jobs: number;
  /** Wall-clock time of this call. */
  readonly seconds: number;
  readonly advice: Advice & { readonly measured: Agreement };
}

export function compareDocument(
  summary: CompareResult,
  {
    question,
    built,
    folder,
    jobs,
    ran,
    seconds,
  }: { question: Comparison; built: BuiltRun; folder: string; jobs: number; ran: number; seconds: number },
): CompareDocument {
  const rates = summary.contestants.flatMap((c) => c.rates);
  const sum = (pick: (r: (typeof rates)[number]) => number): number => rates.reduce((n, r) => n + pick(r), 0);
  const { plan, totalSteps } = built;
  const advice = advise({ run: question.run, batchSize: plan.batchSize });
  const byLabel = (label: string): CompareResult["contestants"][number] | undefined =>
    summary.contestants.find((c) => c.label === label);
  return {
    schema: "steepest.compare/1",
    status: "done",
    folder,
    run: {
      name: question.run.name,
      rows: plan.n,
      batchSize: plan.batchSize,
      steps: totalSteps,
      parameters: built.parameters,
      schedule: question.run.schedule.name,
      backend: built.backend,
    },
    window: lossWindow(totalSteps, plan.stepsPerEpoch),
    sensitivityFactor: SENSITIVITY_FACTOR,
    bounds: question.plan.kind === "search" ? question.plan.bounds : null,
    ...summary,
    cells: {
      total: sum((r) => r.finals.length) + (summary.halved?.trainings ?? 0) + (summary.race?.trainings ?? 0),
      ran,
      nonFinite: sum((r) => r.nonFinite),
      risen: sum((r) => r.risen),
      overfitted: sum((r) => r.overfitted),
    },
    searchCost: summary.contestants.reduce((n, c) => n + (c.search?.cost ?? 0), 0),
    cost: costOf(summary),
    jobs,
    seconds,
    advice: {
      ...advice,
      measured: agreement(
        advice,
        summary.contestants,
        (first, other) => judge(byLabel(first), byLabel(other))?.clear ?? null,
      ),
    },
  };
}
