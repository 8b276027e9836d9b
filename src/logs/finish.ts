/** From what was recorded to RunLogs: roles given, preferred series first, oddities noted. */
import { closest, SteepestError } from "../run/errors.ts";
import type { LogFormat, LogNote, Objective, Reading, Role, RunLog, Series } from "../run/log.ts";
import { findNamed, isFormula, type Meaning, meaningOf, normalise } from "./columns.ts";
import { doubtsOf } from "./doubts.ts";
import { joinRuns } from "./join.ts";
import { objectiveOf } from "./objective.ts";
import { type Kept, observe } from "./observe.ts";
import type { RecordedRun, Recorder } from "./recorder.ts";
import { withoutRunning } from "./running.ts";
import type { ReadOptions } from "./types.ts";

export interface FinishOptions {
  readonly format: LogFormat;
  readonly options: ReadOptions;
  /** No more comes: a series the user named and that is not there is now an error. */
  readonly final: boolean;
  /** Name of the run in its source, when the reader knows one. */
  readonly run?: string | null;
  /** Blank cells of this format may be printed as nan (a table written by a data frame). */
  readonly nanMayBeBlank?: boolean;
  readonly stepUnit?: RunLog["stepUnit"];
  readonly meta?: RunLog["meta"];
  /** What names mean where the reader knows more than they say. */
  readonly meanings?: ReadonlyMap<string, Meaning>;
  readonly reading?: Reading;
  readonly objective?: Objective | null;
  /** What is odd in the log as a whole, so that no run of it is judged. `points`: how many a name's series have in all runs. */
  readonly doubt?: (logs: readonly RunLog[], points: (name: string) => number) => string | null;
}

const ROLE_ORDER: readonly Role[] = [
  "loss",
  "lr",
  "gradNorm",
  "validation",
  "accuracy",
  "validationAccuracy",
  "epoch",
  "lossScale",
  "clippedShare",
  "skipped",
  "nanCount",
  "other",
];

export function finishRuns(recorder: Recorder, finish: FinishOptions): RunLog[] {
  const runs = joinRuns(recorder);
  const kept = withoutFragments(runs.filter((run) => longest(run) > 0));
  const named = { loss: nameFor(recorder, finish, "loss"), lr: nameFor(recorder, finish, "lr") };
  const logs = kept.map((run, i) =>
    finishRun(recorder, run, finish, named, kept.length > 1 ? i : null, kept.length),
  );
  if (!finish.reading) return logs;
  // those of trainings broken off after a line have their place, too
  const points = (name: string): number => {
    const id = recorder.names.indexOf(name);
    return runs.reduce((n, { buffers }) => n + (buffers[id]?.seen ?? 0), 0);
  };
  return logs.map(doubted(logs, kept, finish.doubt?.(logs, points) ?? null));
}

/** A loss that no single training prints is not judged, and a note says why. */
function doubted(
  logs: readonly RunLog[],
  runs: readonly RecordedRun[],
  known: string | null,
): (log: RunLog, i: number) => RunLog {
  const doubts = doubtsOf(logs, runs.filter((run) => run.begun === "rewind").length, known);
  return (log, i) => {
    const doubt = doubts[i];
    if (!doubt) return log;
    const text = `the reading is doubtful: ${doubt}`;
    const judged = /^(?:loss|perplexity|validation-only)$/.test(log.objective ?? "loss");
    return {
      ...log,
      notes: [...log.notes, { id: "doubtful-reading", text }],
      ...(judged && { objective: "unclear" as const }),
    };
  };
}

/** Points of the run's longest series. */
const longest = ({ buffers }: RecordedRun): number =>
  buffers.reduce((max, buffer) => Math.max(max, buffer?.seen ?? 0), 0);

/** So many points make a run, beside which a single number is none: settings, or source code that the log quotes. */
const A_RUN = 8;

function withoutFragments(runs: readonly RecordedRun[]): readonly RecordedRun[] {
  return runs.some((run) => longest(run) >= A_RUN)
    ? runs.filter((run) => longest(run) > 1 || run.name !== null)
    : runs;
}

function finishRun(
  recorder: Recorder,
  run: RecordedRun,
  finish: FinishOptions,
  named: { loss: string | null; lr: string | null },
  index: number | null,
  count: number,
): RunLog {
  const notes: LogNote[] = [...recorder.notes];
  const found: Kept[] = [];
  recorder.names.forEach((name, id) => {
    const buffer = run.buffers[id];
    if (!buffer || buffer.seen === 0) return;
    const { steps, values } = buffer.snapshot();
    const meaning = finish.meanings?.get(name) ?? meaningOf(name);
    const role = name === named.loss ? "loss" : name === named.lr ? "lr" : meaning.role;
    const chosen = name === named.loss || name === named.lr;
    found.push({
      name,
      role: role === "step" ? "other" : role,
      rank: chosen ? -1 : meaning.rank,
      steps,
      values,
      seen: buffer.seen,
      repeated: buffer.repeated,
    });
  });
  let stepUnit: RunLog["stepUnit"] = finish.stepUnit ?? (recorder.hasSteps ? "step" : "row");
  const observed = observe(found, { stepUnit, nanMayBeBlank: finish.nanMayBeBlank ?? false });
  stepUnit = observed.stepUnit;
  const meant =
    named.loss === null && finish.final
      ? withoutRunning(observed.series, run.meta["stepsPerEpoch"])
      : { series: observed.series, notes: [] };
  notes.push(...observed.notes, ...meant.notes);
  if (index !== null) {
    const begins = run.name === null ? "the step starts again" : `its lines are named '${run.name}'`;
    const why =
      run.begun === "rewind" ? "; it goes back to an earlier step, as a resume from a checkpoint does" : "";
    notes.push({
      id: "split-runs",
      text: `run ${index + 1} of ${count} in this source: ${begins}${why}`,
    });
  }
  const ordered = order(withSum(meant.series, finish));
  const losses = ordered.filter((s) => s.role === "loss");
  if (losses.length > 1) {
    const others = losses.slice(1).map((s) => `'${s.name}'`);
    const text = `the loss is read from '${losses[0]!.name}'; also found: ${others.slice(0, 5).join(", ")}`;
    notes.push({ id: "chosen-loss", text });
  }
  if (!ordered.some((s) => s.role === "loss" || s.role === "validation")) {
    notes.push({ id: "no-loss", text: `no series is recognised as a loss: ${listNames(recorder.names)}` });
  }
  const label = finish.run ?? run.name;
  return {
    source: finish.options.source,
    format: finish.format,
    run: index === null ? label : `${label ? `${label} ` : ""}${index + 1} of ${count}`,
    stepUnit,
    series: ordered.map(({ name, role, steps, values }): Series => ({ name, role, steps, values })),
    notes,
    objective: finish.objective ?? objectiveOf(ordered, named.loss),
    ...(finish.reading && { reading: finish.reading }),
    meta: { ...finish.meta, ...run.meta, ...observed.meta },
  };
}

/** Names that already stand for the whole, or for the same thing smoothed. */
const WHOLE =
  /(?:^|_)(?:total|sum|overall|all|mean|avg|average|running|smoothed|ema|median|epoch|step|batch|unnumbered|train_loss|lm|main|final)(?:_|$)|^(?:train_|training_)?(?:loss|losses)$/;

/** Terms of a loss without their sum: the sum is added, where all have the same steps. */
function withSum(series: readonly Kept[], { options }: FinishOptions): Kept[] {
  if (options.loss !== undefined) return [...series];
  const made: Kept[] = [];
  const wholes = new Set<Kept>();
  for (const role of ["loss", "validation"] as const) {
    const terms = series.filter(
      (s) => s.role === role && (/loss/i.test(s.name) || !isFormula(normalise(s.name))),
    );
    const first = terms[0];
    // what an epoch's end says of each of them again is no further term
    const parts = terms.filter((s) => isBeside(s, first!));
    if (
      !first ||
      parts.length < 2 ||
      parts.some((s) => WHOLE.test(bare(s.name.replace(/ \(epoch\)$/, ""))) || !/loss/i.test(s.name)) ||
      terms.some((s) => s.seen >= first.seen && !parts.includes(s))
    )
      continue;
    if (role === "validation" && made.length === 0) continue;
    const whole = parts.find((s) => isSumOf(s, parts));
    if (whole) {
      wholes.add(whole);
      continue;
    }
    const values = first.values.map((_, i) => parts.reduce((sum, s) => sum + s.values[i]!, 0));
    made.push({
      ...first,
      name: `${role === "loss" ? "" : "valid "}sum of ${parts.length} parts`,
      rank: -1,
      values,
    });
  }
  return [...made, ...series.map((s) => (wholes.has(s) ? { ...s, rank: -1 } : s))];
}

/** Printed at the same steps. */
function isBeside(a: Kept, b: Kept): boolean {
  return a.seen === b.seen && a.steps.length === b.steps.length && a.steps.every((v, i) => v === b.steps[i]);
}

/** One of them is the sum of the others, to the digits printed, at nearly every point. */
function isSumOf(whole: Kept, parts: readonly Kept[]): boolean {
  if (parts.length < 3) return false;
  let sums = 0;
  whole.values.forEach((v, i) => {
    const rest = parts.reduce((sum, s) => (s === whole ? sum : sum + s.values[i]!), 0);
    if (Math.abs(v - rest) <= 1e-3 * Math.abs(v) + 1e-6) sums++;
  });
  return sums >= 0.95 * whole.values.length;
}

function bare(name: string): string {
  return normalise(name)
    .replace(/(?:^|_)(?:train|training|val|valid|validation|test|eval)(?=_)/g, "")
    .replace(/^_/, "");
}

/** A loss with fewer points than this, an epoch's mean as a rule, stands behind that of its batches, of so many times as many. */
const FEW = 20;
const DENSER = 2;

/**
 * By role; within a role by preference, but a series with a tenth of the longest's points, one point, or one value throughout comes
 * after, and a loss too short to be judged after a longer one.
 */
function order(series: readonly Kept[]): Kept[] {
  const wholes = series.filter((s) => s.role === "loss" && WHOLE.test(bare(s.name)));
  const longest = new Map<Role, number>();
  for (const s of series) longest.set(s.role, Math.max(longest.get(s.role) ?? 0, s.seen));
  const sparse = (s: Kept): number => {
    const max = longest.get(s.role)!;
    const still = s.values.length > 3 && s.values.every((v) => v === s.values[0]);
    const short = s.role === "loss" && s.seen < FEW && wholes.some((w) => w.seen >= DENSER * s.seen);
    if (s.rank >= 0 && short) return 1;
    if (s.rank < 0) return 0;
    if (s.seen === 1 && max > 3) return 2;
    return still || s.seen * 10 <= max ? 1 : 0;
  };
  return series
    .map((s, i) => ({ s, i }))
    .sort(
      (a, b) =>
        ROLE_ORDER.indexOf(a.s.role) - ROLE_ORDER.indexOf(b.s.role) ||
        sparse(a.s) - sparse(b.s) ||
        a.s.rank - b.s.rank ||
        a.i - b.i,
    )
    .map(({ s }) => s);
}

function nameFor(recorder: Recorder, { options, final }: FinishOptions, which: "loss" | "lr"): string | null {
  const wanted = options[which];
  if (wanted === undefined) return null;
  const at = findNamed(recorder.names, wanted);
  if (at >= 0) return recorder.names[at]!;
  if (!final) return null;
  throw missingName(which, wanted, recorder.names, options.source);
}

export function missingName(
  option: string,
  wanted: string,
  names: readonly string[],
  source: string,
): SteepestError {
  const near = closest(wanted, names);
  return new SteepestError("unknown-series", `no series is named '${wanted}'`, {
    where: source,
    help: near
      ? `did you mean --${option} '${near}'?`
      : names.length > 0
        ? `choose one of ${listNames(names)}`
        : "check that it is a training log: no number in it has a name",
  });
}

export function listNames(names: readonly string[]): string {
  if (names.length === 0) return "it holds no numbers";
  const shown = names.slice(0, 12).map((name) => `'${name}'`);
  return `${shown.join(", ")}${names.length > 12 ? ` and ${names.length - 12} more` : ""}`;
}
