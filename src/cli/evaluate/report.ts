/** An evaluation as tables. */
import type { Evaluation } from "../../predict/evaluate.ts";
import type { ClassMetrics } from "../../predict/metrics.ts";
import { showNumber, showWhole } from "../../run/show-number.ts";
import { table } from "../terminal.ts";

/** More classes than this are left to `--json`. */
const MAX_CLASSES = 20;

export function reportEvaluation(
  { rows, loss, classes, numbers, accuracy, perplexity }: Evaluation,
  { name, loss: lossName }: { name: string; loss: string },
): string {
  const shown = (value: number | null | undefined): string | null =>
    value === undefined ? null : value === null ? "none" : showNumber(value);
  const percent = (value: number | undefined): string | null =>
    value === undefined ? null : `${(100 * value).toFixed(2)} %`;
  const lines: [string, string | null][] = [
    [`loss (${lossName})`, shown(loss)],
    ["accuracy", percent(classes?.accuracy ?? accuracy)],
    ["among the top 5", percent(classes?.top5)],
    ["log loss", shown(classes?.logLoss)],
    ["calibration error", percent(classes?.calibrationError)],
    ["perplexity", shown(perplexity)],
    ["RMSE", shown(numbers?.rmse)],
    ["MAE", shown(numbers?.mae)],
    ["R²", shown(numbers?.r2)],
  ];
  const body = table(lines.filter((line): line is [string, string] => line[1] !== null));
  return [`${name} on ${showWhole(rows)} rows`, body, ...classTables(classes)].join("\n");
}

function classTables(classes: ClassMetrics | undefined): string[] {
  if (classes === undefined) return [];
  const { perClass, confusion } = classes;
  if (perClass.length > MAX_CLASSES) return [`${perClass.length} classes: --json has each of them`];
  const share = (value: number | null): string => (value === null ? "none" : value.toFixed(3));
  return [
    "",
    table([
      ["class", "rows", "precision", "recall", "F1"],
      ...perClass.map((c) => [c.name, String(c.rows), share(c.precision), share(c.recall), share(c.f1)]),
    ]),
    "",
    "rows by class, columns by prediction",
    table([
      ["", ...perClass.map((c) => c.name)],
      ...confusion.map((row, i) => [perClass[i]!.name, ...row.map(String)]),
    ]),
  ];
}
