/** The search for a rate on real digits, and trainings at the rates found. In the worker, loaded when asked for. */
import { wasm } from "steepest/engine";
import { type Chart, rangeTestChart } from "steepest/plot";
import { parseRun } from "steepest/run";
import { type BuiltRun, buildRun } from "steepest/train";
import { type FindLrResult, findLr, rules } from "steepest/tune";
import { digitsHost } from "../../lib/digits.ts";
import type { Report } from "../../lib/engine.ts";
import { type OptimizerChoice, optimizerSettings } from "../../lib/optimizer-choices.ts";

export interface DigitsRun {
  readonly optimizer: OptimizerChoice;
  readonly hidden: number;
  readonly seed: number;
}

/** The same run everywhere: in the search, in training, and in the file that can be taken away. */
export function runFile({ optimizer, hidden, seed }: DigitsRun, lr?: number): Record<string, unknown> {
  return {
    name: "digits",
    data: { source: "digits" },
    model: { kind: "mlp", hidden: [hidden] },
    optimizer: { ...optimizerSettings(optimizer), ...(lr !== undefined && { lr }) },
    batchSize: 64,
    steps: 400,
    seed,
  };
}

const build = (asked: DigitsRun, lr?: number): Promise<BuiltRun> =>
  buildRun(parseRun(runFile(asked, lr)), { host: digitsHost, backend: wasm });

export interface Found {
  readonly result: FindLrResult;
  readonly chart: Chart;
  readonly picks: readonly (readonly [title: string, lr: number | null])[];
}

export interface Progress {
  readonly share: number;
  readonly text: string;
}

/** null: stopped. */
export async function search(
  asked: DigitsRun,
  seeds: number,
  report: Report<Progress>,
): Promise<Found | null> {
  if (!(await report({ share: 0, text: "fetching the digits" }))) return null;
  const built = await build(asked);
  const stop = new AbortController();
  const result = await findLr(built, {
    seeds,
    sweep: true,
    signal: stop.signal,
    onProgress: ({ steps, expected, text }) => {
      void report({ share: Math.min(1, steps / expected), text }).then((goOn) => {
        if (!goOn) stop.abort();
      });
    },
  });
  if (result === null) return null;
  const chart = rangeTestChart(result, {
    title: `Digits, ${asked.optimizer}`,
    ruleNames: Object.fromEntries(rules.map((r) => [r.id, r.title])),
  });
  const picks = rules.map(({ id, title }) => [title, result.rules[id]?.lr ?? null] as const);
  return { result, chart, picks };
}

export interface Trained {
  readonly lr: number;
  readonly losses: readonly number[];
  /** On digits it has not seen; null until the end, or when it became no number. */
  readonly accuracy: number | null;
}

const STEPS = 400;
const SLICE = 10;

/** Trains at each rate in turn, a few steps of each at a time; reports what there is so far. */
export async function trainAt(
  asked: DigitsRun,
  rates: readonly number[],
  report: Report<readonly Trained[]>,
): Promise<readonly Trained[]> {
  const runs: { lr: number; built: BuiltRun; losses: number[] }[] = [];
  for (const lr of rates) runs.push({ lr, built: await build(asked, lr), losses: [] });
  const state = (done: boolean): Trained[] =>
    runs.map(({ lr, built, losses: seen }) => ({
      lr,
      losses: [...seen],
      accuracy: done && Number.isFinite(seen.at(-1)) ? (built.evaluate("test")?.["accuracy"] ?? null) : null,
    }));
  for (let k = 0; k < STEPS; k += SLICE) {
    for (const { built, lr, losses: seen } of runs) {
      for (let i = k; i < k + SLICE; i++) seen.push(built.advance(i, lr).loss);
    }
    if (!(await report(state(false)))) return state(false);
  }
  return state(true);
}
