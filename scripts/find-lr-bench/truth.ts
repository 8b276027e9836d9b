/**
 * What every rate of a grid gives in whole trainings, a factor of two apart, for several seeds: the truth that searches
 * are held against. Kept in truth.json, task by task, so that a run that was ended goes on where it was.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { BuiltRun } from "../../src/train/index.ts";
import { buildTask, specOf, type Task } from "./tasks.ts";

export type Measure = "training" | "validation";

/** Mean loss of the last tenth of the steps, and the held-out loss at the end; null where the training broke down. */
export type Ends = readonly [training: number | null, validation: number | null];

export interface Truth {
  /** Of the untrained weights, means over the seeds. */
  readonly start: readonly [training: number, validation: number];
  /** By rate: one for each seed. */
  readonly rates: Readonly<Record<string, readonly Ends[]>>;
}

const FILE = new URL("truth.json", import.meta.url);
/** None of a search's own seeds. */
const SEEDS = [101, 102, 103, 104] as const;
/** Exponents of two that are tried first, one seed each; then all near the best. */
const COARSE = { from: -22, to: 6, step: 2 } as const;
const NEAR = 4;
const MEASURED = [0, 1] as const;

export const readTruth = (): Record<string, Truth> =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as Record<string, Truth>) : {};

export async function measureTruth(tasks: readonly Task[]): Promise<void> {
  const known = readTruth();
  for (const task of tasks) {
    if (known[task.name] !== undefined) continue;
    known[task.name] = await truthOf(task);
    const lines = Object.entries(known).map(([name, t]) => `${JSON.stringify(name)}: ${JSON.stringify(t)}`);
    writeFileSync(FILE, `{\n${lines.join(",\n")}\n}\n`);
    process.stderr.write(`${task.name}\n`);
  }
}

async function truthOf(task: Task): Promise<Truth> {
  const runs: BuiltRun[] = [];
  for (const seed of SEEDS) {
    const spec = specOf(task, seed);
    runs.push(await buildTask({ ...spec, optimizer: { ...spec.optimizer, lr: 1 } }));
  }
  const rates = new Map<number, Ends[]>();
  const extend = (exponent: number, seeds: number): void => {
    const ends = rates.get(exponent) ?? [];
    while (ends.length < seeds) ends.push(trainAt(runs[ends.length]!, 2 ** exponent));
    rates.set(exponent, ends);
  };
  for (let e = COARSE.from; e <= COARSE.to; e += COARSE.step) extend(e, 1);
  const near = (centre: number): boolean => {
    let more = false;
    for (let e = centre - NEAR; e <= centre + NEAR; e++) {
      if ((rates.get(e)?.length ?? 0) === SEEDS.length) continue;
      extend(e, SEEDS.length);
      more = true;
    }
    return more;
  };
  // both before either is measured further: the held-out loss may have a valley of its own
  for (const centre of MEASURED.map((i) => bestExponent(rates, i))) near(centre);
  while (MEASURED.map((i) => near(bestExponent(rates, i))).some((more) => more));
  const starts = runs.map(startOf);
  const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
  const full = [...rates].filter(([, ends]) => ends.length === SEEDS.length).sort(([a], [b]) => a - b);
  return {
    start: [digits(mean(starts.map(([t]) => t))), digits(mean(starts.map(([, v]) => v)))],
    rates: Object.fromEntries(full.map(([e, ends]) => [String(2 ** e), ends])),
  };
}

/** Of rates with all seeds if there are any, else of those with one. */
function bestExponent(rates: ReadonlyMap<number, readonly Ends[]>, measure: 0 | 1): number {
  const max = Math.max(...[...rates.values()].map((ends) => ends.length));
  let [best, lowest] = [0, Number.POSITIVE_INFINITY];
  for (const [e, ends] of rates) {
    if (ends.length < max) continue;
    const mean = ends.reduce((sum, x) => sum + (x[measure] ?? Number.POSITIVE_INFINITY) / ends.length, 0);
    if (mean < lowest) [best, lowest] = [e, mean];
  }
  return best;
}

const digits = (x: number): number => Number(x.toPrecision(5));
const finite = (x: number): number | null => (Number.isFinite(x) ? digits(x) : null);

/** A whole training as `train` makes it. The run was built with a rate of one. */
function trainAt(run: BuiltRun, rate: number): Ends {
  const { rate: schedule, totalSteps, step, spec } = run;
  step.redraw(spec.seed);
  const from = Math.floor(0.9 * totalSteps);
  let sum = 0;
  for (let k = 0; k < totalSteps; k++) {
    const { loss } = run.advance(k, rate * schedule.lrAt(k), schedule.momentumAt(k));
    if (!Number.isFinite(loss)) return [null, null];
    if (k >= from) sum += loss;
  }
  return [finite(sum / (totalSteps - from)), finite(run.evaluate("validation")!["loss"]!)];
}

/** Over an epoch of batches, without a step that moves anything. */
function startOf(run: BuiltRun): [number, number] {
  run.step.redraw(run.spec.seed);
  const validation = run.evaluate("validation")!["loss"]!;
  let sum = 0;
  for (let k = 0; k < run.plan.stepsPerEpoch; k++) sum += run.advance(k, 0, 0).loss;
  return [sum / run.plan.stepsPerEpoch, validation];
}
