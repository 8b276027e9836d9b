/** From a table's header to what each column is: the step, a value of some run, or nothing. */
import { SteepestError } from "../../run/errors.ts";
import type { LogFormat } from "../../run/log.ts";
import { findNamed, meaningOf, normalise } from "../columns.ts";
import { missingName } from "../finish.ts";
import type { ReadOptions } from "../types.ts";

export interface Column {
  readonly name: string;
  readonly kind: "step" | "value" | "ignored";
  readonly isEpoch: boolean;
  /** Which of the table's runs it belongs to. */
  readonly run: number;
  /** The recorder's series, given when the header is read. */
  series: number;
  /** Values of an array cell of the row being read. */
  readonly late: [series: number, value: number][];
}

export interface TablePlan {
  readonly format: LogFormat;
  readonly columns: readonly Column[];
  /** One name per run in the table; null for a table of one run. */
  readonly runs: readonly (string | null)[];
  /** The column that counts steps or epochs. */
  readonly clock: string | null;
  /** The user said that steps are epochs. */
  readonly epochIsStep: boolean;
  /** A column taken for the loss because nothing else can be one. */
  readonly guessedLoss: string | null;
}

const DELIMITERS = [",", "\t", ";", "|"];

/** The delimiter that cuts the header into most cells; "" when none does. */
export function delimiterOf(header: string): string {
  const bare = header.replace(/"[^"]*"/g, "");
  let best = "";
  let max = 0;
  for (const delimiter of DELIMITERS) {
    const n = bare.split(delimiter).length - 1;
    if (n > max) {
      best = delimiter;
      max = n;
    }
  }
  return best;
}

export function planColumns(names: readonly string[], options: ReadOptions): TablePlan {
  refuseRunsTable(names, options);
  const stepAt = stepColumn(names, options);
  const epochAt = names.findIndex((name, i) => i !== stepAt && meaningOf(name).role === "epoch");
  const chart = chartRuns(names, stepAt);
  const column = (name: string, i: number): Column => {
    const run = chart ? chart.runOf[i]! : 0;
    const kind = i === stepAt ? "step" : run < 0 ? "ignored" : "value";
    return {
      name: chart?.metric[i] ?? name,
      kind,
      isEpoch: i === epochAt,
      run: Math.max(0, run),
      series: -1,
      late: [],
    };
  };
  const clock = stepAt >= 0 ? names[stepAt]! : epochAt >= 0 ? names[epochAt]! : null;
  // what TensorBoard's "download as CSV" writes: the tag is in the file's name only
  const download = names.map(normalise).join() === "wall_time,step,value";
  return {
    guessedLoss: download && options.loss === undefined ? names[2]! : null,
    format: chart ? "wandb-csv" : formatOf(names, stepAt, epochAt),
    columns: names.map(column),
    runs: chart ? chart.runs : [null],
    clock,
    epochIsStep: stepAt >= 0 && meaningOf(names[stepAt]!).role === "epoch",
  };
}

function stepColumn(names: readonly string[], options: ReadOptions): number {
  if (options.step !== undefined) {
    const at = findNamed(names, options.step);
    if (at < 0) throw missingName("step", options.step, names, options.source);
    return at;
  }
  let best = -1;
  let rank = Number.POSITIVE_INFINITY;
  names.forEach((name, i) => {
    const meaning = meaningOf(name);
    if (meaning.role === "step" && meaning.rank < rank) {
      best = i;
      rank = meaning.rank;
    }
  });
  return best;
}

/** Lightning and Keras write their columns sorted; Keras puts the epoch first and counts nothing else. */
function formatOf(names: readonly string[], stepAt: number, epochAt: number): LogFormat {
  const sorted = (from: number): boolean =>
    names.every((name, i) => i <= from || (names[i - 1]! <= name && name === name.trim()));
  if (stepAt >= 0 && names[stepAt] === "step" && names.includes("epoch") && sorted(0)) return "lightning-csv";
  if (stepAt < 0 && epochAt === 0 && names[0] === "epoch" && names.length > 1 && sorted(1))
    return "keras-csv";
  return "csv";
}

/** W&B's chart export: "Step", "<run> - <metric>", "<run> - <metric>__MIN", "<run> - <metric>__MAX", … */
function chartRuns(
  names: readonly string[],
  stepAt: number,
): { runs: string[]; runOf: number[]; metric: (string | null)[] } | null {
  if (!names.some((name) => name.endsWith("__MIN")) || !names.some((name) => name.includes(" - ")))
    return null;
  const runs: string[] = [];
  const runOf: number[] = [];
  const metric: (string | null)[] = [];
  names.forEach((name, i) => {
    const cut = name.lastIndexOf(" - ");
    if (i === stepAt || cut < 0 || /__(MIN|MAX)$/.test(name)) {
      runOf.push(i === stepAt || meaningOf(name).role === "epoch" ? 0 : -1);
      metric.push(null);
      return;
    }
    const run = name.slice(0, cut);
    let at = runs.indexOf(run);
    if (at < 0) at = runs.push(run) - 1;
    runOf.push(at);
    metric.push(name.slice(cut + 3));
  });
  // MIN, MAX and the run's own step column say nothing more about the curve
  names.forEach((name, i) => {
    if (
      metric[i] !== null &&
      meaningOf(metric[i]!).role === "step" &&
      i !== stepAt &&
      !name.endsWith("__MIN")
    )
      runOf[i] = -1;
  });
  return runs.length > 0 ? { runs, runOf, metric } : null;
}

/** W&B's runs table has one row per run and no curve. */
function refuseRunsTable(names: readonly string[], options: ReadOptions): void {
  const keys = new Set(names.map(normalise));
  const table =
    keys.has("name") &&
    keys.has("state") &&
    (keys.has("runtime") || keys.has("created") || keys.has("user") || keys.has("notes"));
  if (!table) return;
  throw new SteepestError(
    "wandb-runs-table",
    "this is W&B's table of runs: one row per run, no curve to read",
    {
      where: options.source,
      help: "export the loss chart (its menu → Export CSV), or give the run's .wandb file",
    },
  );
}
