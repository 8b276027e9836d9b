/** What a search over a program's trainings has found: as a document, as a chart, and in words. */
import type { Chart } from "../../plot/chart.ts";
import { lossByRateChart } from "../../plot/charts/loss-by-rate.ts";
import { sketch } from "../../plot/sketch.ts";
import { mean } from "../../run/mean.ts";
import { showNumber } from "../../run/show-number.ts";
import type { Purpose } from "../../tune/find-lr/run-trials.ts";
import type { SearchResult } from "../../tune/search/verdict.ts";
import { heldOutScore, windowOf } from "../program/curve.ts";
import { exitCodeOf } from "../program/process.ts";
import { look, type Terminal, table } from "../terminal.ts";
import type { Search } from "./find.ts";

type Confidence = "high" | "moderate" | "low";
type Refusal = "rate-without-effect" | "nothing-learnt" | "not-finite";

/** `steepest find-lr --json -- COMMAND`. The names that a run file's search also has mean the same there. */
export interface ProgramFindLr {
  readonly schema: "steepest.find-lr/1";
  readonly suggestion: number | null;
  readonly reason: string;
  readonly refusal: Refusal | null;
  readonly confidence: Confidence | null;
  readonly interval: SearchResultPair;
  readonly plateau: SearchResultPair;
  /** The lowest rate whose training ran away. */
  readonly lrDiverged: number | null;
  readonly fragile: boolean | null;
  readonly noise: number | null;
  /** What the rates were compared by. */
  readonly for: Purpose;
  /** The rate of the lowest training and of the lowest held-out loss at that stage; null where none was logged. */
  readonly best: { readonly training: number | null; readonly validation: number | null };
  /** Mean loss at the suggestion, at the stage at which rates were compared, and where trainings start. */
  readonly loss: number | null;
  readonly start: number | null;
  /** In the log's unit: the stage at which rates were compared, a whole training, and what was paid in all. */
  readonly unit: "step" | "epoch" | "row";
  readonly comparedAt: number;
  readonly length: number;
  readonly steps: number;
  readonly folder: string;
  readonly trials: readonly TrialRow[];
  readonly notes: readonly string[];
}

type SearchResultPair = readonly [number, number] | null;

export interface TrialRow {
  readonly lr: number;
  readonly seed: number;
  readonly folder: string;
  readonly steps: number;
  /** Mean of the last fifth of the losses up to the stage, those that are compared; null where the training ran away or did not get there. */
  readonly loss: number | null;
  /** The same of the training loss and of the held-out loss; null where it is not logged. */
  readonly training: number | null;
  readonly validation: number | null;
  readonly diverged: boolean;
  /** Of the program; null where we ended it. */
  readonly exitCode: number | null;
}

/** What a search has found, wherever its trainings were made. */
export interface Outcome {
  readonly result: SearchResult;
  readonly for: Purpose;
  readonly unit: ProgramFindLr["unit"];
  /** Of a whole training, in this unit. */
  readonly length: number;
  readonly folder: string;
  readonly rows: readonly TrialRow[];
  readonly notes: readonly string[];
  /** How a rate beyond those that were tried is asked for. */
  readonly bounds: { readonly lower: string; readonly higher: string };
  /** All trainings of one seed say the same, whatever their rate; what to do about it. */
  readonly rateWithoutEffect: string | null;
}

export function outcomeOf(search: Search): Outcome {
  const { result, trials, folder, namesRate } = search;
  return {
    result,
    for: trials.by(result.steps),
    unit: trials.scale.unit,
    length: trials.length,
    folder,
    rows: trialRows(search),
    notes: notesOf(search),
    bounds: { lower: "lower --from", higher: "raise --to" },
    rateWithoutEffect: !search.rateWithoutEffect
      ? null
      : namesRate
        ? "the program reads the rate and does not use it"
        : "write {lr} into the command, or let the program read STEEPEST_LR",
  };
}

export function documentOf(outcome: Outcome): ProgramFindLr {
  const { result, folder, length, unit, rows } = outcome;
  const { rate, interval, plateau, edge, fragile, noise, score, reference, paid } = result;
  const refusal = refusalOf(outcome);
  const n = (x: number): number => Number(x.toPrecision(6));
  return {
    schema: "steepest.find-lr/1",
    suggestion: refusal === null ? n(rate!) : null,
    reason: refusal === null ? reasonOf(outcome) : REFUSALS[refusal](outcome),
    refusal,
    confidence: refusal === null ? confidenceOf(outcome) : null,
    interval: refusal === null ? interval : null,
    plateau: refusal === null ? plateau : null,
    lrDiverged: edge,
    fragile,
    noise,
    for: outcome.for,
    best: { training: lowestBy(rows, "training"), validation: lowestBy(rows, "validation") },
    loss: finite(score),
    start: finite(reference),
    unit,
    comparedAt: n(result.steps),
    length: n(length),
    steps: n(paid),
    folder,
    trials: rows,
    notes: [...outcome.notes, ...(refusal === null ? [...rateNotes(outcome), ...fitNotes(outcome)] : [])],
  };
}

const finite = (x: number): number | null => (Number.isFinite(x) ? x : null);

/** The rate whose trainings have the lowest mean by this loss. */
function lowestBy(rows: readonly TrialRow[], by: Purpose): number | null {
  const scored = rows.filter((row) => row[by] !== null);
  const scores = [...new Set(scored.map((row) => row.lr))].map(
    (lr) => [lr, mean(scored.filter((row) => row.lr === lr).map((row) => row[by]!))] as const,
  );
  return scores.sort(([, a], [, b]) => a - b)[0]?.[0] ?? null;
}

function trialRows({ result, trials }: Search): TrialRow[] {
  return trials
    .all()
    .map(({ rate, seed, trial, name }) => {
      const asked = trials.start(rate, seed);
      const there = asked.steps >= result.steps || asked.ended;
      const score = there ? asked.scoreAt(result.steps) : Number.NaN;
      const at = [trial.curve(), trials.scale, result.steps] as const;
      const lives = Number.isFinite(score);
      const ending = trial.ending();
      return {
        lr: rate,
        seed,
        folder: name,
        steps: asked.steps,
        loss: finite(score),
        training: lives ? finite(mean(windowOf(...at))) : null,
        validation: lives ? finite(heldOutScore(...at)) : null,
        diverged: asked.scoreAt(asked.steps) === Number.POSITIVE_INFINITY,
        exitCode: ending === null ? null : exitCodeOf(ending),
      };
    })
    .sort((a, b) => a.lr - b.lr || a.seed - b.seed);
}

function refusalOf({ result, rateWithoutEffect }: Outcome): Refusal | null {
  if (rateWithoutEffect !== null) return "rate-without-effect";
  if (result.rate !== null) return null;
  return result.rates.every((r) => r.died) ? "not-finite" : "nothing-learnt";
}

const REFUSALS: Readonly<Record<Refusal, (outcome: Outcome) => string>> = {
  "rate-without-effect": ({ rateWithoutEffect }) =>
    `the losses are the same at every rate: ${rateWithoutEffect}`,
  "nothing-learnt": () =>
    "at no rate does the loss get below where it starts by more than its noise: something else is wrong, or the trainings are too short",
  "not-finite": () => "every training ran away",
};

function reasonOf({ result, length, for: purpose }: Outcome): string {
  const whole = result.steps >= length * 0.999;
  const stage = whole ? "after whole trainings" : `after ${percent(result.steps / length)} of a training`;
  const seeds = Math.max(...result.rates.map((r) => r.scores.length));
  const over = seeds > 1 ? `, ${seeds} seeds for the best` : "";
  return `lowest ${purpose === "validation" ? "held-out " : ""}loss of ${result.rates.length} rates ${stage}${over}: ${showNumber(result.score)}, from ${showNumber(result.reference)}`;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

function confidenceOf({ result, length }: Outcome): Confidence {
  if (result.fragile === true || 4 * result.steps < length) return "low";
  return result.fragile === false && 2 * result.steps >= length ? "high" : "moderate";
}

function notesOf({ trials, seedWithoutEffect, outOfTime }: Search): string[] {
  const notes: string[] = [];
  if (outOfTime) notes.push("the time was over: more time would compare later in the training");
  if (seedWithoutEffect)
    notes.push("all seeds gave the same losses: write {seed} into the command, or the noise stays unknown");
  if (trials.endedEarly)
    notes.push("the program ended before the steps that were asked for: its own end was taken");
  return notes;
}

function rateNotes({ result, bounds }: Outcome): string[] {
  const { rates } = result;
  const notes: string[] = [];
  if (result.fragile)
    notes.push("two seeds of the best rate end far apart: take a rate from the lower half of the interval");
  const top = Math.max(...rates.map((r) => r.rate));
  const low = Math.min(...rates.map((r) => r.rate));
  if (result.rate === top && result.edge === null) notes.push(`no higher rate was tried: ${bounds.higher}`);
  if (result.rate === low) notes.push(`no lower rate was tried: ${bounds.lower}`);
  return notes;
}

/** Where the two losses ask for different rates. */
function fitNotes({ result, rows, for: purpose }: Outcome): string[] {
  if (purpose !== "validation" || result.rate === null) return [];
  const training = lowestBy(rows, "training");
  if (training === null || training < 1.5 * result.rate) return [];
  return [
    `by the training loss alone ${showNumber(training)} is the best: it learns the training rows by heart (--for training)`,
  ];
}

export function chartOf(found: ProgramFindLr, title: string): Chart {
  const byRate = new Map<number, (number | null)[]>();
  for (const t of found.trials)
    if (t.loss !== null || t.diverged) byRate.set(t.lr, [...(byRate.get(t.lr) ?? []), t.loss]);
  const cells = [...byRate]
    .sort(([a], [b]) => a - b)
    .map(([lr, losses]) => ({
      lr,
      loss: losses.includes(null) ? null : losses.reduce<number>((a, x) => a + x!, 0) / losses.length,
    }));
  const chart = lossByRateChart(
    {
      title,
      subtitle: `after ${showNumber(found.comparedAt)} of ${showNumber(found.length)} ${unitWords(found)}`,
      lossLabel: found.for === "validation" ? "held-out loss" : "loss",
      rows: [{ label: "mean of the seeds", cells }],
    },
    { start: found.start ?? 0 },
  );
  const [panel] = chart.panels;
  if (found.suggestion === null || panel?.kind !== "lines") return chart;
  const rules = [
    ...(panel.rules ?? []),
    { x: found.suggestion, label: `suggested ${showNumber(found.suggestion)}`, tone: "info" as const },
  ];
  const [low, high] = found.interval!;
  return { ...chart, panels: [{ ...panel, rules, ranges: [{ from: low, to: high, label: "expected" }] }] };
}

const unitWords = ({ unit }: ProgramFindLr): string => (unit === "row" ? "points" : `${unit}s`);

const SURE: Readonly<Record<Confidence, string>> = {
  high: "sure: later in the training and with other seeds it stays the best",
  moderate: "fairly sure: one seed, or a part of the training",
  low: "unsure: the seeds disagree, or the trainings were short",
};

export function reportProgram(
  found: ProgramFindLr,
  {
    terminal,
    use,
    plot,
    chart,
  }: {
    terminal: Terminal;
    /** How to train at a rate; null where that is not known. */
    use: ((rate: number) => string) | null;
    plot: string | undefined;
    chart: Chart;
  },
): void {
  const { bold, dim, green, yellow, red } = terminal.colors;
  const { width, ascii } = look(terminal);
  if (found.suggestion === null) {
    terminal.print(`${bold(red("no learning rate suggested"))} (${found.refusal})`);
    terminal.print(found.reason);
  } else {
    const [low, high] = found.interval!;
    terminal.print(
      `learning rate ${bold(showNumber(found.suggestion))} (best expected from ${showNumber(low)} to ${showNumber(high)})`,
    );
    terminal.print((found.confidence === "high" ? green : yellow)(SURE[found.confidence!]));
    terminal.print(found.reason);
  }
  for (const note of found.notes) terminal.print(yellow(note));
  if (found.trials.some((t) => t.loss !== null))
    terminal.print(`\n${sketch(chart, { width: Math.min(width, 100), ascii })}\n`);
  const both = found.trials.some((t) => t.validation !== null);
  const heads = both ? ["training loss", "held-out loss"] : ["loss"];
  const rows = found.trials.map((trial) => rowOf(trial, both));
  terminal.print(table([["  ", "lr", "seed", unitWords(found), ...heads, ""], ...rows]));
  terminal.print(dim(`cost: ${(found.steps / found.length).toFixed(1)} trainings; logs in ${found.folder}`));
  if (plot !== undefined) terminal.print(dim(`plot in ${plot}`));
  if (found.suggestion !== null && use !== null) terminal.print(`use it: ${use(found.suggestion)}`);
}

const shown = (x: number | null): string => (x === null ? "" : showNumber(x));

const rowOf = (
  { lr, seed, steps, loss, training, validation, diverged, exitCode }: TrialRow,
  both: boolean,
): string[] => [
  "  ",
  showNumber(lr),
  String(seed),
  showNumber(steps),
  ...(both ? [shown(training), shown(validation)] : [shown(loss)]),
  diverged ? "ran away" : exitCode !== null && exitCode !== 0 ? `failed (exit code ${exitCode})` : "",
];
