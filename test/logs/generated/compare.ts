/** What a reader made of a generated log, against what is in it. */
import type { RunLog, Series } from "../../../src/run/log.ts";
import { seriesOf } from "../../../src/run/log.ts";
import type { Curve, Truth } from "./generate.ts";

export type Outcome = "right" | "refused" | "doubted" | "wrong";

/**
 * Exact values and steps of loss, validation and rate, and the runs. The steps may be offset, and the clock of epochs
 * may be counted in steps; a reader that says in a note that it guessed is in doubt, not wrong.
 */
export function compare(logs: readonly RunLog[] | null, truth: Truth): { outcome: Outcome; why: string } {
  if (logs === null) return { outcome: "refused", why: "refused" };
  const why = difference(logs, truth);
  if (why === "") return { outcome: "right", why };
  const none = logs.every((log) => !seriesOf(log, "loss") && !seriesOf(log, "validation"));
  if (none) return { outcome: "refused", why: `no loss: ${why}` };
  const doubted = logs.some((log) => log.notes.some((n) => n.id === "guessed-loss" || n.id === "doubt"));
  return { outcome: doubted ? "doubted" : "wrong", why };
}

function difference(logs: readonly RunLog[], truth: Truth): string {
  if (logs.length !== truth.runs.length) return `${logs.length} runs instead of ${truth.runs.length}`;
  for (const [i, run] of truth.runs.entries()) {
    const log = logs[i]!;
    const found = [
      ["loss", run.loss],
      ["validation", run.validation],
      ["lr", run.lr],
    ] as const;
    for (const [role, curve] of found) {
      const series = seriesOf(log, role);
      if (!curve) {
        if (series && role !== "lr") return `a ${role} that is not there: ${series.name}`;
        continue;
      }
      const why = curveDiffers(series, curve);
      if (why !== "") return `${role}: ${why}`;
    }
  }
  return "";
}

function curveDiffers(series: Series | null, { steps, values }: Curve): string {
  if (!series) return "missing";
  if (series.values.length !== values.length)
    return `${series.values.length} points instead of ${values.length} ('${series.name}')`;
  for (let i = 0; i < values.length; i++)
    if (!Object.is(series.values[i], values[i]))
      return `value ${i} is ${series.values[i]} instead of ${values[i]}`;
  if (values.length < 2) return "";
  const offset = series.steps[0]! - steps[0]!;
  const scale = (series.steps[1]! - series.steps[0]!) / (steps[1]! - steps[0]!);
  const shifted = steps.findIndex((step, i) => series.steps[i]! - offset !== step);
  const scaled = steps.every(
    (step, i) => Math.abs(series.steps[i]! - series.steps[0]! - scale * (step - steps[0]!)) < 1e-6,
  );
  if (shifted >= 0 && !(scaled && scale > 0))
    return `step ${shifted} is ${series.steps[shifted]} instead of ${steps[shifted]}`;
  return "";
}
