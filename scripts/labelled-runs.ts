/** The labelled runs of test/runs, read as anybody's logs are. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { FeatureInput } from "../src/diagnose/features.ts";
import { gatherRun } from "../src/diagnose/gather.ts";
import { readLogPaths } from "../src/logs/node-files.ts";
import type { RunLog } from "../src/run/log.ts";

export const LABELS = ["too-low", "good", "slightly-high", "too-high"] as const;
export type Label = (typeof LABELS)[number];

export interface LabelledRun {
  readonly file: string;
  readonly task: string;
  readonly label: Label;
  readonly log: RunLog;
}

export async function labelledRuns(): Promise<LabelledRun[]> {
  const folder = new URL("../test/runs/", import.meta.url);
  const index = JSON.parse(readFileSync(new URL("index.json", folder), "utf8")) as Omit<LabelledRun, "log">[];
  const out: LabelledRun[] = [];
  for (const { file, task, label } of index) {
    const logs = await readLogPaths([fileURLToPath(new URL(file, folder))]);
    if (logs.length !== 1) throw new Error(`${file}: expected one run, read ${logs.length}`);
    out.push({ file, task, label, log: logs[0]! });
  }
  return out;
}

export function verdictInput(log: RunLog): FeatureInput | null {
  const run = gatherRun(log);
  return run && { steps: run.steps, loss: run.loss, lr: run.lr, gradNorm: run.gradNorm };
}
