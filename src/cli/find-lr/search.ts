/** The search for a rate as commands make it: progress on standard error, Ctrl-C ends it. */

import { nodeHost } from "../../data/node-host.ts";
import { chooseBackend } from "../../engine/registry.ts";
import type { Chart } from "../../plot/chart.ts";
import { rangeTestChart } from "../../plot/charts/range-test.ts";
import { importFunction } from "../../run/node-run-file.ts";
import { showWhole } from "../../run/show-number.ts";
import type { RunSpec } from "../../run/spec.ts";
import { type BuiltRun, buildRun } from "../../train/build.ts";
import { type FindLrOptions, findLr } from "../../tune/find-lr/find-lr.ts";
import { rules } from "../../tune/find-lr/other-tools.ts";
import type { FindLrResult } from "../../tune/find-lr/types.ts";
import { catchInterrupt } from "../interrupt.ts";
import { createBar } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

export interface SearchOptions extends Omit<FindLrOptions, "signal" | "onProgress" | "clock"> {
  readonly terminal: Terminal;
  readonly quiet: boolean;
}

export interface Search {
  readonly result: FindLrResult;
  /** The run it was made on, as it was before. */
  readonly built: BuiltRun;
}

/** Null when interrupted. A rate that the run file has is where the search begins. */
export async function searchWithProgress(
  spec: RunSpec,
  { terminal, quiet, ...options }: SearchOptions,
): Promise<Search | null> {
  const { lr, ...optimizer } = spec.optimizer;
  const built = await buildRun(lr === "auto" ? { ...spec, optimizer } : spec, {
    host: { ...nodeHost(), importFunction },
    backend: await chooseBackend(spec.backend),
  });
  const interrupt = catchInterrupt();
  if (!quiet) {
    const what = `${showWhole(built.parameters)} parameters, batches of ${built.plan.batchSize}, backend ${built.backend}`;
    terminal.note(`looking for the learning rate of ${spec.optimizer.name}: ${what}`);
  }
  const bar = createBar({ terminal, quiet, total: 1 });
  try {
    const result = await findLr(built, {
      ...options,
      signal: interrupt.signal,
      onProgress: ({ steps, expected, text }) =>
        bar.update(steps, text, { total: expected, line: `${text}, step ${steps} of about ${expected}` }),
    });
    return result && { result, built };
  } finally {
    bar.stop();
    interrupt.release();
  }
}

export const findLrChart = (result: FindLrResult, { name, optimizer }: RunSpec): Chart =>
  rangeTestChart(result, {
    title: `${name}, ${optimizer.name}`,
    ruleNames: Object.fromEntries(rules.map((r) => [r.id, r.title])),
  });
