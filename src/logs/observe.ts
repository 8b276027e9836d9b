/** What a whole run shows that no single row does: blanks printed as nan, hidden NaN, duplicates, gaps, units. */
import type { LogNote, Role, RunLog, Series } from "../run/log.ts";
import { isFormula, normalise } from "./columns.ts";

/** A series with what is known about its origin. */
export interface Kept extends Series {
  readonly rank: number;
  readonly seen: number;
  readonly repeated: number;
}

export interface Observed {
  readonly series: Kept[];
  readonly stepUnit: RunLog["stepUnit"];
  readonly notes: LogNote[];
  readonly meta: Record<string, number>;
}

export function observe(
  input: readonly Kept[],
  { stepUnit, nanMayBeBlank }: { stepUnit: RunLog["stepUnit"]; nanMayBeBlank: boolean },
): Observed {
  const notes: LogNote[] = [];
  const meta: Record<string, number> = {};
  const meant = input.map((s) => (isOther(s) ? { ...s, role: "other" as const } : s));
  let series = nanMayBeBlank ? meant.map((s) => dropBlanks(s, notes)) : meant;

  for (const s of series) {
    if (s.seen > s.values.length + 1) {
      notes.push({
        id: "thinned",
        text: `'${s.name}' has ${s.seen} points; ${s.values.length} are kept, with every local extreme and non-finite stretch`,
      });
    }
  }
  const loss = firstOf(series, "loss") ?? firstOf(series, "validation") ?? series[0];
  if (loss && stepUnit === "row") {
    const epoch = firstOf(series, "epoch");
    if (epoch && isCounter(epoch, loss)) {
      series = series.map((s) => ({ ...s, steps: stepsFromEpochs(s, epoch) }));
      stepUnit = "epoch";
    }
  }
  if (
    loss &&
    stepUnit === "step" &&
    loss.steps.length > 1 &&
    loss.steps[0] === loss.steps[loss.steps.length - 1]
  ) {
    notes.push({
      id: "constant-step",
      text: "every point has the same step: the points are counted instead",
    });
    series = series.map((s) => ({ ...s, steps: Float64Array.from(s.steps, (_, i) => i) }));
    stepUnit = "row";
  }
  const subject = firstOf(series, "loss") ?? firstOf(series, "validation");
  if (subject) {
    if (subject.repeated > 0) {
      notes.push({
        id: "duplicate-steps",
        text: `${subject.repeated} points of '${subject.name}' repeat the step before them`,
      });
    }
    notes.push(...intervalNotes(subject, stepUnit));
  }
  hiddenNan(series, notes, meta);
  missingLoss(series, notes, meta);
  return { series, stepUnit, notes, meta };
}

/** No norm is negative, and whole numbers under "validation" alone are sizes of its data. */
function isOther({ role, name, values }: Kept): boolean {
  if (role === "gradNorm") return values.some((v) => v < 0);
  const alone = /valid/i.test(name) && !/loss/i.test(name) && !isFormula(normalise(name));
  return role === "validation" && alone && values.every(Number.isInteger) && values.some((v) => v > 1);
}

/** The longest series of a role: the one the checks below are about. */
function firstOf(series: readonly Kept[], role: Role): Kept | undefined {
  let best: Kept | undefined;
  for (const s of series) if (s.role === role && (!best || s.seen > best.seen)) best = s;
  return best;
}

/** In a sparse table a NaN that keeps going away again is an empty cell; a NaN loss stays. */
function dropBlanks(s: Kept, notes: LogNote[]): Kept {
  let nan = 0;
  let returns = 0;
  for (let i = 0; i < s.values.length; i++) {
    if (!Number.isNaN(s.values[i])) continue;
    nan++;
    if (i + 1 < s.values.length && !Number.isNaN(s.values[i + 1])) returns++;
  }
  const finite = s.values.length - nan;
  if (nan * 2 < s.values.length || returns < 3 || returns < finite * 0.2) return s;
  const keep = Array.from(s.values.keys()).filter((i) => !Number.isNaN(s.values[i]));
  notes.push({
    id: "nan-as-blank",
    text: `'${s.name}': ${nan} cells printed as nan are read as empty, because values return after them`,
  });
  return {
    ...s,
    seen: s.seen - nan,
    steps: Float64Array.from(keep, (i) => s.steps[i]!),
    values: Float64Array.from(keep, (i) => s.values[i]!),
  };
}

/** Epochs count the rows when they are whole, never fall, and each loss point has its own. */
function isCounter(epoch: Kept, loss: Kept): boolean {
  if (epoch.values.length < loss.values.length || epoch.seen > epoch.values.length) return false;
  for (let i = 0; i < epoch.values.length; i++) {
    const value = epoch.values[i]!;
    if (!Number.isInteger(value) || (i > 0 && value < epoch.values[i - 1]!)) return false;
  }
  return stepsFromEpochs(loss, epoch).every((step, i, all) => i === 0 || step > all[i - 1]!);
}

function stepsFromEpochs(s: Kept, epoch: Kept): Float64Array {
  let at = 0;
  return Float64Array.from(s.steps, (row) => {
    while (at + 1 < epoch.steps.length && epoch.steps[at + 1]! <= row) at++;
    return epoch.values[at]!;
  });
}

function intervalNotes(s: Kept, unit: string): LogNote[] {
  const notes: LogNote[] = [];
  const { steps } = s;
  if (steps.length === 1) {
    notes.push({ id: "one-point", text: `'${s.name}' has a single point` });
    return notes;
  }
  const gaps: number[] = [];
  for (let i = 1; i < steps.length; i++) if (steps[i]! > steps[i - 1]!) gaps.push(steps[i]! - steps[i - 1]!);
  if (gaps.length === 0) return notes;
  const typical = [...gaps].sort((a, b) => a - b)[gaps.length >> 1]!;
  if (unit === "step" && steps[0]! > 20 * typical) {
    notes.push({
      id: "resumed",
      text: `the first step is ${steps[0]}: a resumed run, or a piece of a log; its beginning is not here`,
    });
  }
  let widest = 0;
  let at = 0;
  for (let i = 1; i < steps.length; i++) {
    if (steps[i]! - steps[i - 1]! > widest) {
      widest = steps[i]! - steps[i - 1]!;
      at = i;
    }
  }
  if (gaps.length >= 8 && widest > 10 * typical) {
    notes.push({
      id: "gap",
      text: `no loss between ${unit}s ${steps[at - 1]} and ${steps[at]}, where one every ${typical} is usual`,
    });
  }
  return notes;
}

/** Hugging Face's Trainer replaces NaN losses before it prints them, so an all-NaN window prints 0 beside a NaN norm. */
function hiddenNan(series: readonly Kept[], notes: LogNote[], meta: Record<string, number>): void {
  const loss = firstOf(series, "loss");
  const norm = firstOf(series, "gradNorm");
  if (!loss || !norm) return;
  let count = 0;
  let from = Number.NaN;
  let j = 0;
  for (let i = 0; i < loss.steps.length; i++) {
    if (loss.values[i] !== 0) continue;
    while (j < norm.steps.length && norm.steps[j]! < loss.steps[i]!) j++;
    if (j < norm.steps.length && norm.steps[j] === loss.steps[i] && Number.isNaN(norm.values[j])) {
      if (count++ === 0) from = loss.steps[i]!;
    }
  }
  if (count === 0) return;
  meta["hiddenNanCount"] = count;
  meta["hiddenNanFrom"] = from;
  notes.push({
    id: "hidden-nan",
    text: `from step ${from} on, ${count} points print a loss of exactly 0 beside a gradient norm of NaN: the loss is NaN and was filtered before printing`,
  });
}

/** Megatron prints no loss for an iteration whose loss is NaN, and counts it. */
function missingLoss(series: readonly Kept[], notes: LogNote[], meta: Record<string, number>): void {
  const loss = firstOf(series, "loss");
  const nans = firstOf(series, "nanCount");
  if (!nans) return;
  const logged = new Set(loss?.steps ?? []);
  let count = 0;
  let from = Number.NaN;
  for (let i = 0; i < nans.steps.length; i++) {
    if (!(nans.values[i]! > 0) || logged.has(nans.steps[i]!)) continue;
    if (count++ === 0) from = nans.steps[i]!;
  }
  if (count === 0) return;
  meta["missingLossCount"] = count;
  meta["missingLossFrom"] = from;
  notes.push({
    id: "missing-loss",
    text: `from step ${from} on, ${count} lines count NaN iterations and print no loss: the loss there is NaN, not zero`,
  });
}
