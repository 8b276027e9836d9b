/** Compares what the reader made of a generated log with what the log says. */
import { type RunLog, readLog, type Series, seriesOf } from "../../../src/logs/index.ts";
import { SteepestError } from "../../../src/run/errors.ts";
import type { ToldRun, Written } from "./told.ts";

/** "doubted": not as told, but said to be no supervised loss, or a choice between readings told in a note. */
export type Outcome = "right" | "refused" | "doubted" | "silent";

export interface Judgement {
  readonly outcome: Outcome;
  readonly why: string;
}

function holds(series: Series | null, told: readonly number[]): boolean {
  const values = Array.from(series?.values ?? []);
  return values.length === told.length && told.every((x, i) => Object.is(x, values[i]));
}

/** The same steps but for where they begin and what they count. */
function sameSteps(series: Series, steps: readonly number[]): boolean {
  const scale = (series.steps[1]! - series.steps[0]!) / (steps[1]! - steps[0]!);
  return (
    scale > 0 &&
    steps.every((s, i) => Math.abs(series.steps[0]! + scale * (s - steps[0]!) - series.steps[i]!) < 1e-6)
  );
}

/** Epochs whose length the log does not say: equal steps within each, and the next begins up to one such step later. */
function sameBatches({ steps }: Series, perEpoch: number): boolean {
  const every = steps[1]! - steps[0]!;
  return steps.slice(1).every((s, i) => {
    const gap = s - steps[i]!;
    return (i + 1) % perEpoch === 0 ? gap > 0 && gap <= every : gap === every;
  });
}

function runDifference(log: RunLog, told: ToldRun): string {
  for (const role of ["loss", "validation", "lr", "gradNorm"] as const) {
    const series = seriesOf(log, role);
    // an option printed above the run
    if (role === "lr" && told.lr.length === 0 && series?.values.length === 1) continue;
    if (!holds(series, told[role]))
      return `${role}: ${series?.values.length ?? 0} of ${told[role].length} points`;
  }
  if (told.steps === null) return "";
  const loss = seriesOf(log, "loss")!;
  return sameSteps(loss, told.steps) || (told.epochRecords !== null && sameBatches(loss, told.epochRecords))
    ? ""
    : "steps";
}

function difference(logs: readonly RunLog[], told: Written): string {
  const other = logs.find((log) => (log.objective ?? "loss") !== told.objective);
  if (other) return `objective: ${other.objective} for ${told.objective}`;
  if (told.objective !== "loss") return "";
  if (logs.length !== told.runs.length) return `runs: ${logs.length} of ${told.runs.length}`;
  return logs.map((log, i) => runDifference(log, told.runs[i]!)).find((why) => why !== "") ?? "";
}

export async function judge(told: Written): Promise<Judgement> {
  let logs: RunLog[];
  try {
    logs = await readLog(new TextEncoder().encode(told.text), { source: "generated" });
  } catch (error) {
    if (!(error instanceof SteepestError)) throw error;
    return { outcome: "refused", why: error.message };
  }
  const why = difference(logs, told);
  if (why === "") return { outcome: "right", why };
  const doubted = logs.some(
    ({ objective = "loss", reading, notes }) =>
      objective !== "loss" || (reading?.notes.length ?? 0) > 0 || notes.some((n) => n.id === "bad-lines"),
  );
  return { outcome: doubted ? "doubted" : "silent", why };
}
