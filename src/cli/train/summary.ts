/** How a run ended: as the `steepest.train/1` document, and as a person reads it. */
import { resolve } from "node:path";
import { type Judged, toJson } from "../../diagnose/words.ts";
import { showNumber } from "../../run/show-number.ts";
import type { BuiltRun } from "../../train/build.ts";
import type { TrainOutcome } from "../../train/loop.ts";
import { withPrefix } from "../../train/recorder.ts";
import { reportRun } from "../diagnose/report.ts";
import { look, showSeconds, type Terminal } from "../terminal.ts";
import type { RunFacts } from "./page.ts";

/** `non-finite`: the guard stopped the run. */
export interface Ending extends Omit<TrainOutcome, "status" | "stoppedEarly"> {
  readonly status: TrainOutcome["status"] | "non-finite";
  readonly stoppedEarly?: boolean;
  /** Means over the test rows of a run that is done. */
  readonly test: Readonly<Record<string, number>> | null;
}

export function trainDocument(
  built: BuiltRun,
  path: string,
  { status, stoppedEarly, step, finalLoss, best, validation, test, lr, seconds, stepsPerSecond }: Ending,
  { run: diagnosis }: Judged,
): string {
  return toJson({
    schema: "steepest.train/1",
    run: resolve(path),
    status,
    ...(stoppedEarly === true && { stoppedEarly }),
    steps: step,
    totalSteps: built.totalSteps,
    finalLoss,
    bestLoss: best?.loss ?? null,
    bestStep: best?.step ?? null,
    metrics: {
      ...withPrefix("validation", validation ?? {}),
      ...withPrefix("test", test ?? {}),
    },
    lr,
    seconds,
    stepsPerSecond,
    parameters: built.parameters,
    frozen: built.parts.model.frozen ?? [],
    backend: built.backend,
    diagnosis,
  });
}

export function runFacts(built: BuiltRun, ending: Ending): RunFacts {
  const { status, stoppedEarly, step, seconds, stepsPerSecond, finalLoss, best, validation, test } = ending;
  const results: [string, string][] = [];
  if (finalLoss !== null) results.push(["loss", showNumber(finalLoss)]);
  for (const [name, values] of [
    ["validation", validation],
    ["test", test],
  ] as const) {
    if (values === null) continue;
    for (const [measure, value] of Object.entries(values)) {
      const shown = measure === "accuracy" ? `${(100 * value).toFixed(2)} %` : showNumber(value);
      results.push([`${name} ${measure}`, shown]);
    }
  }
  if (best !== null) {
    const of = built.data.validation === undefined ? "best epoch's mean loss" : "best validation loss";
    results.push([of, `${showNumber(best.loss)} at step ${best.step}`]);
  }
  const head = {
    done: stoppedEarly === true ? "stopped early" : "done",
    interrupted: "interrupted",
    "non-finite": "stopped, not finite",
  }[status];
  const rate = `${showNumber(stepsPerSecond)} steps/s`;
  return {
    spec: built.spec,
    headline: `${head}: ${step} of ${built.totalSteps} steps in ${showSeconds(seconds)} (${rate}, ${built.backend})`,
    results,
    backend: built.backend,
    parameters: built.parameters,
  };
}

export function summary({ headline, results }: RunFacts, judged: Judged, terminal: Terminal): string {
  const { bold } = terminal.colors;
  const at = headline.indexOf(":");
  const width = Math.max(...results.map(([name]) => name.length));
  return [
    `${bold(headline.slice(0, at))}${headline.slice(at)}`,
    ...results.map(
      ([name, value]) => `${name.padEnd(width)}  ${name.endsWith("accuracy") ? bold(value) : value}`,
    ),
    `\n${reportRun(judged, look(terminal))}\n`,
  ].join("\n");
}
