/** The guide's advice put to the test. In the worker. */

import type { DataHost } from "steepest/data";
import { wasm } from "steepest/engine";
import { type Chart, lossByRateChart } from "steepest/plot";
import { parseRun } from "steepest/run";
import {
  type Advice,
  advise,
  agreement,
  compare,
  judge,
  parseContestants,
  ratePlan,
  runCell,
  type Summary,
} from "steepest/tune";
import type { Report } from "../../lib/engine.ts";
import { type Asked, runFile } from "./run-file.ts";

export interface Compared {
  readonly summary: Summary;
  readonly chart: Chart;
  readonly advice: Advice;
  readonly measured: ReturnType<typeof agreement>;
  readonly cells: number;
  /** Of each run. */
  readonly steps: number;
  readonly seconds: number;
}

const CONTESTANTS = "sgd,sgd:momentum=0.9,adam";
const RATES = "0.001,0.005,0.02,0.1,0.5";

interface Options {
  readonly seeds: number;
  readonly host: DataHost;
  readonly report: Report<{ readonly done: number; readonly expected: number }>;
}

/** Each optimizer at each rate with each seed, ranked by its loss on rows held out; null: stopped. */
export async function compareOptimizers(
  asked: Asked,
  { seeds, host, report }: Options,
): Promise<Compared | null> {
  const run = parseRun({ ...runFile(asked, 0.1), validation: 0.1 });
  const began = performance.now();
  const stop = new AbortController();
  const { signal } = stop;
  let told = { done: 0, expected: 1 };
  let queue: Promise<unknown> = Promise.resolve();
  const clock = {
    now: () => performance.now(),
    pause: async () => {
      if (!(await report(told))) stop.abort();
    },
  };
  const tools = { host, backend: wasm, clock, signal };
  const summary = await compare(
    {
      run,
      contestants: parseContestants(CONTESTANTS, { name: "none" }),
      seeds: Array.from({ length: seeds }, (_, i) => asked.seed + i),
      plan: ratePlan({ rates: RATES }),
    },
    {
      // one at a time: there is one worker
      runCell: (cell) => {
        const next = queue.then(() => (signal.aborted ? null : runCell(cell, tools)));
        queue = next.catch(() => {});
        return next;
      },
      signal,
      onProgress: ({ done, expected }) => (told = { done, expected }),
    },
  );
  if (summary === null) return null;
  const advice = advise({ run, batchSize: asked.batch });
  const of = (label: string) => summary.contestants.find((c) => c.label === label);
  const chart = lossByRateChart(
    {
      title: "Which rates work, by optimizer",
      lossLabel: `loss on ${asked.data === "digits" ? "digits" : "rows"} held out`,
      rows: summary.contestants.map(({ label, rates }) => ({
        label,
        cells: rates.map(({ lr, final }) => ({ lr, loss: final })),
      })),
    },
    { start: summary.start },
  );
  return {
    summary,
    chart,
    advice,
    measured: agreement(
      advice,
      summary.contestants,
      (first, other) => judge(of(first), of(other))?.clear ?? null,
    ),
    cells: told.done,
    steps: asked.steps,
    seconds: (performance.now() - began) / 1000,
  };
}
