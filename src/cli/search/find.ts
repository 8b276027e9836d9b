/** The search for the rate of somebody's program: trainings as processes, progress, an answer or a reasoned refusal. */

import { SteepestError } from "../../run/errors.ts";
import { seriesOf } from "../../run/log.ts";
import { nullWhenAborted, systemClock } from "../../run/long-work.ts";
import { showNumber } from "../../run/show-number.ts";
import { searchRate } from "../../tune/search/search.ts";
import type { SearchResult } from "../../tune/search/verdict.ts";
import { catchInterrupt } from "../interrupt.ts";
import { createSlots } from "../program/slots.ts";
import { type Blanks, createTemplate, mentions, type Template } from "../program/template.ts";
import { OUTPUT } from "../program/trial.ts";
import {
  createProgramTrials,
  type Known,
  namesRate,
  type ProgramTrials,
  type ProgramTrialsOptions,
} from "../program/trials.ts";
import { type BarView, createBar } from "../progress.ts";
import { showSeconds, type Terminal } from "../terminal.ts";
import { openFolder } from "./folder.ts";
import type { ProgramFlags } from "./options.ts";

export interface FindOptions extends ProgramFlags {
  readonly quiet: boolean;
  readonly terminal: Terminal;
}

export interface Search {
  readonly result: SearchResult;
  readonly trials: ProgramTrials;
  /** Of all trainings. */
  readonly folder: string;
  /** All trainings of one seed say the same, whatever their rate. */
  readonly rateWithoutEffect: boolean;
  /** All seeds of one rate say the same. */
  readonly seedWithoutEffect: boolean;
  readonly outOfTime: boolean;
  /** The command names the rate. */
  readonly namesRate: boolean;
}

/** Of the first training. */
export const FIRST_RATE = 1e-3;
/** Whole trainings that a search may cost. */
const BUDGET = 12;
/** Seeds of the best rates. */
export const SEEDS = 3;

/** A command with its flags, before anything runs. */
export interface Prepared {
  readonly template: Template;
  readonly folder: string;
  readonly options: FindOptions;
  /** The settings of every trial, beside its rate, seed and folder. */
  readonly trials: Omit<ProgramTrialsOptions, "root" | "signal">;
}

/** @throws SteepestError for what can't work, before the first training. */
export function prepare(command: readonly string[], verb: string, options: FindOptions): Prepared {
  const {
    launcher,
    override = [],
    out,
    resume = false,
    steps,
    gpus,
    jobs,
    log,
    loss,
    step,
    for: purpose,
    pause,
    part,
  } = options;
  const template = createTemplate([...wordsOf(launcher), ...command], override);
  if (steps === undefined && mentions(template, "steps")) {
    throw new SteepestError("usage", "the command names {steps}, and --steps is not given", {
      help: "give --steps, or write a number into the command",
    });
  }
  const asked = { command: template.command, override, steps: steps ?? null };
  const trials = {
    template,
    paths: log,
    loss,
    step,
    purpose,
    slots: createSlots(Math.max(jobs ?? 1, gpus?.length ?? 1)),
    gpus,
    steps,
    // a launcher's programs run elsewhere, where no signal of ours stops them
    pausing: pause ?? (launcher === undefined ? "stop" : "run"),
  } as const;
  return {
    template,
    folder: openFolder({ out, resume, verb, asked, shared: part !== undefined }),
    options,
    trials,
  };
}

/** Null when interrupted; what has ended by then is kept. */
export async function findProgramRate(prepared: Prepared): Promise<Search | null> {
  const { template, folder, options } = prepared;
  const { terminal, quiet } = options;
  const interrupt = catchInterrupt();
  const bar = createBar({ terminal, quiet, total: 1 });
  if (!quiet)
    terminal.note(`looking for the learning rate of: ${template.command.join(" ")}\nlogs in ${folder}`);
  try {
    return await nullWhenAborted(interrupt.signal, () =>
      searchProgram(prepared, { root: folder, signal: interrupt.signal, bar }),
    );
  } finally {
    bar.stop();
    interrupt.release();
  }
}

export interface SearchIn {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly bar: BarView;
  /** Other blanks of the template. */
  readonly blanks?: Blanks | undefined;
}

/** One search, in a folder that is there. Whatever happens, no training goes on after it. */
export async function searchProgram(
  { template, options, trials: settings }: Prepared,
  { root, signal, bar, blanks }: SearchIn,
): Promise<Search> {
  const { terminal, quiet, seed = 0, seeds = SEEDS, budget = BUDGET, time, from, to } = options;
  const begun = systemClock.now();
  const late = (): boolean => time !== undefined && systemClock.now() - begun > time;
  bar.update(0, "the first training", { line: "the first training, to its end" });
  const first = { rate: options.lr ?? FIRST_RATE, seed };
  const trials = await createProgramTrials({ ...settings, root, signal, blanks }, first);
  try {
    if (!quiet) terminal.note(foundWords(trials, systemClock.now() - begun));
    const result = await searchRate(trials, {
      first: trials.first,
      seed,
      seeds,
      budget,
      lowest: from,
      highest: to,
      signal,
      // nothing more is learnt where the rate changes nothing
      enough: () => late() || withoutEffect(trials, seed),
      onProgress: ({ steps: paid, expected, text }) =>
        bar.update(Math.round(paid), text, {
          total: expected,
          line: `${text} (${percent(paid, expected)} of the budget)`,
        }),
    });
    // what was ended in the last moment would count as a training that failed
    signal.throwIfAborted();
    return {
      result,
      trials,
      folder: root,
      rateWithoutEffect: withoutEffect(trials, seed),
      seedWithoutEffect: seedsAgree(trials.all()),
      outOfTime: late(),
      namesRate: namesRate({ template }),
    };
  } finally {
    await trials.close();
  }
}

const percent = (part: number, whole: number): string =>
  `${Math.min(100, Math.round((100 * part) / whole))} %`;

/** What the first training has shown. */
function foundWords({ found, scale, length, first, endedEarly, by }: ProgramTrials, ms: number): string {
  const place =
    found === null ? "the record of a search before" : found.file === OUTPUT ? "what it prints" : found.file;
  const name = found === null ? "" : `, '${found.loss.name}'`;
  const early = endedEarly ? "; it ended before the steps that were asked for" : "";
  const unit = scale.unit === "row" ? "points" : `${scale.unit}s`;
  const heldOut = found === null ? null : seriesOf(found.log, "validation");
  const judged =
    by(length) === "validation" && heldOut !== null ? `; rates are compared by '${heldOut.name}'` : "";
  return `loss found in ${place}${name}: ${showNumber(length)} ${unit} at ${showNumber(first)} in ${showSeconds(ms / 1000)}${early}${judged}`;
}

/** Words of a command as a shell splits them, quotes included. */
function wordsOf(text: string | undefined): string[] {
  const words = (text ?? "").match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  return words.map((word) => word.replace(/^(["'])(.*)\1$/s, "$2"));
}

/** The rate changes nothing: three trainings of one seed at least say the same. */
function withoutEffect(trials: ProgramTrials, seed: number): boolean {
  const curves = curvesOf(trials.all().filter((t) => t.seed === seed));
  return curves.length > 2 && agree(curves);
}

/** The seed changes nothing: at every rate with several seeds they say the same. */
function seedsAgree(all: readonly Known[]): boolean {
  const rates = [...new Set(all.map((t) => t.rate))];
  const several = rates
    .map((rate) => curvesOf(all.filter((t) => t.rate === rate)))
    .filter((curves) => curves.length > 1);
  return several.length > 0 && several.every(agree);
}

/** Losses of the trainings that have come far enough to be told apart. */
const curvesOf = (all: readonly Known[]): (readonly number[])[] =>
  all.map(({ trial }) => trial.curve().losses).filter((losses) => losses.length > 1);

/** The same from the beginning on, as far as all of them got. */
function agree(curves: readonly (readonly number[])[]): boolean {
  const shortest = Math.min(...curves.map((c) => c.length));
  return curves.every((c) => c.slice(0, shortest).every((x, i) => Object.is(x, curves[0]![i])));
}
