/** Real searches, other tools' rules and random search on the tasks, with seeds that the grids don't have. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { stream } from "../../src/random/index.ts";
import type { BuiltRun } from "../../src/train/index.ts";
import { findLr } from "../../src/tune/find-lr/find-lr.ts";
import { rules } from "../../src/tune/find-lr/other-tools.ts";
import { sweep } from "../../src/tune/find-lr/range-test.ts";
import { type RunStepper, runStepper } from "../../src/tune/find-lr/run-stepper.ts";
import { runTrials } from "../../src/tune/find-lr/run-trials.ts";
import { schedulePeak } from "../../src/tune/find-lr/schedule-peak.ts";
import { bestOf, scoreRate } from "./score.ts";
import { buildTask, specOf, type Task } from "./tasks.ts";
import { type Measure, readTruth } from "./truth.ts";

export interface Found {
  /** Null: refused. */
  readonly rate: number | null;
  readonly refusal?: string | null;
  readonly interval?: readonly [number, number] | null;
  readonly fragile?: boolean | null;
  readonly confidence?: string | null;
  /** In trainings of the task. */
  readonly cost: number;
}

export interface TaskResults {
  /** One for each seed. */
  readonly [who: string]: readonly Found[];
}

export const MEASURES: readonly Measure[] = ["training", "validation"];
export const SEEDS = [1, 2] as const;
const FILE = new URL("results.json", import.meta.url);

export const readResults = (): Record<string, TaskResults> =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as Record<string, TaskResults>) : {};

export async function runSearches(tasks: readonly Task[]): Promise<void> {
  const known = readResults();
  for (const task of tasks) {
    if (known[task.name] !== undefined) continue;
    const all: Record<string, Found[]> = {};
    for (const seed of SEEDS) {
      for (const [who, found] of Object.entries(await everybody(task, seed))) (all[who] ??= []).push(found);
    }
    known[task.name] = all;
    keep(known, task);
  }
}

/** Budgets beside the default one, in trainings: what they buy, and whether a miss is one of length. */
export const BUDGETS = [4, 8] as const;

/** Searches with larger budgets that were not yet made. */
export async function searchLonger(tasks: readonly Task[]): Promise<void> {
  const known = readResults();
  for (const task of tasks) {
    if (known[task.name]?.[`find-lr ${BUDGETS[0]} training`] !== undefined) continue;
    const all: Record<string, Found[]> = {};
    for (const seed of SEEDS) {
      const run = await buildTask(specOf(task, seed));
      for (const measure of MEASURES)
        for (const budget of BUDGETS)
          (all[`find-lr ${budget} ${measure}`] ??= []).push(await ours(run, measure, budget));
    }
    known[task.name] = { ...known[task.name], ...all };
    keep(known, task);
  }
}

/** find-lr's own searches anew; what the rivals found stays. */
export async function searchAgain(tasks: readonly Task[]): Promise<void> {
  const known = readResults();
  for (const task of tasks) {
    const all: Record<string, Found[]> = {};
    for (const seed of SEEDS) {
      const run = await buildTask(specOf(task, seed));
      for (const measure of MEASURES) (all[`find-lr ${measure}`] ??= []).push(await ours(run, measure));
    }
    known[task.name] = { ...known[task.name], ...all };
    keep(known, task);
  }
}

function keep(known: Readonly<Record<string, TaskResults>>, { name }: Task): void {
  const lines = Object.entries(known).map(([n, r]) => `${JSON.stringify(n)}: ${JSON.stringify(r)}`);
  writeFileSync(FILE, `{\n${lines.join(",\n")}\n}\n`);
  process.stderr.write(`${name}\n`);
}

/** Prints each search beside its truth. */
export async function showTasks(tasks: readonly Task[]): Promise<void> {
  const truth = readTruth();
  const counts = { training: [0, 0, 0, 0], validation: [0, 0, 0, 0] };
  for (const task of tasks) {
    for (const measure of MEASURES) {
      for (const seed of SEEDS) {
        const run = await buildTask(specOf(task, seed));
        const found = await ours(run, measure);
        const best = bestOf(truth[task.name]!, measure);
        const score = found.rate === null ? null : scoreRate(truth[task.name]!, measure, found.rate);
        const show = (x: number): string => x.toPrecision(3);
        const count = counts[measure];
        count[3]!++;
        if (score !== null) {
          if (score.ratio < 3.001 && score.ratio > 0.333) count[0]!++;
          if (score.ratio < 2.001 && score.ratio > 0.499) count[1]!++;
          if (score.lost < 0.05) count[2]!++;
        }
        process.stdout.write(
          `${task.name.padEnd(40)} ${measure.padEnd(10)} best ${show(2 ** best.x)}  found ${found.rate ?? found.refusal}  ratio ${score ? show(score.ratio) : "-"}  lost ${score ? show(100 * score.lost) : "-"} %  cost ${show(found.cost)}  ${found.interval && found.interval[0] <= 1.001 * 2 ** best.x && found.interval[1] >= 0.999 * 2 ** best.x ? "in" : "OUT"} ${found.interval ? show(found.interval[1] / found.interval[0]) : ""} ${found.confidence} ${found.fragile ?? "-"}\n`,
        );
      }
    }
  }
  process.stdout.write(`within 3, within 2, lost < 5 %, of: ${JSON.stringify(counts)}\n`);
}

async function ours(run: BuiltRun, measure: Measure, budget?: number): Promise<Found> {
  const found = (await findLr(run, { for: measure, budget, sweep: false, curvature: false }))!;
  return {
    rate: found.suggestion,
    refusal: found.refusal,
    interval: found.spread,
    fragile: found.fragile,
    confidence: found.confidence,
    cost: Number(found.cost.toPrecision(3)),
  };
}

async function everybody(task: Task, seed: number): Promise<Record<string, Found>> {
  const run = await buildTask(specOf(task, seed));
  const all: Record<string, Found> = {};
  for (const measure of MEASURES) {
    const found = await ours(run, measure);
    all[`find-lr ${measure}`] = found;
    all[`random ${measure}`] = await randomSearch(run, measure, found.cost);
  }
  const stepper = runStepper(run);
  for (const rule of rules) all[rule.id] = await byRule(run, stepper, rule);
  stepper.restore();
  return all;
}

/** One range test of the tool's own length and range, as it is used. */
async function byRule(run: BuiltRun, stepper: RunStepper, rule: (typeof rules)[number]): Promise<Found> {
  const { lrs, losses } = await sweep(stepper, {
    ...rule.sweep,
    seed: run.spec.seed,
    highest: 0,
    stop: false,
  });
  return { rate: rule.choose(lrs, losses), cost: Number((lrs.length / run.totalSteps).toPrecision(3)) };
}

/** Runs of a quarter at rates drawn log-uniformly, of which the best is taken: at what the search beside it cost. */
const RANDOM = { lowest: 1e-6, highest: 10, share: 1 / 4 } as const;

async function randomSearch(run: BuiltRun, purpose: Measure, cost: number): Promise<Found> {
  const stepper = runStepper(run);
  const trials = runTrials(run, { purpose, at: schedulePeak(run).at, stepper });
  const steps = Math.ceil(RANDOM.share * run.totalSteps);
  const count = Math.max(1, Math.floor(cost / RANDOM.share));
  const draws = stream(run.spec.seed, `random ${purpose} ${run.spec.name}`).uniform(count);
  await trials.reference(steps);
  let [rate, lowest]: [number | null, number] = [null, Number.POSITIVE_INFINITY];
  for (const u of draws) {
    const trial = trials.start(RANDOM.lowest * (RANDOM.highest / RANDOM.lowest) ** u, run.spec.seed);
    await trial.advance(steps);
    const score = trial.scoreAt(steps);
    trial.release();
    if (score < lowest) [rate, lowest] = [trial.rate, score];
  }
  stepper.restore();
  return { rate, cost: count * RANDOM.share };
}
