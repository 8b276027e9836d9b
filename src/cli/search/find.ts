/** The search for the rate of somebody's program: trainings as processes, progress, an answer or a reasoned refusal. */

import { SteepestError } from "../../run/errors.ts";
import { type SearchResult, searchRate } from "../../tune/search/search.ts";
import { catchInterrupt } from "../interrupt.ts";
import { createSlots } from "../program/slots.ts";
import { createTemplate, mentions } from "../program/template.ts";
import type { ProgramTrial } from "../program/trial.ts";
import { createProgramTrials, namesRate, type ProgramTrials } from "../program/trials.ts";
import { createBar } from "../progress.ts";
import { showNumber, showSeconds, type Terminal } from "../terminal.ts";
import { openFolder } from "./folder.ts";
import type { ProgramFlags } from "./options.ts";

export interface FindOptions extends ProgramFlags {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly seeds: number;
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

const FIRST_RATE = 1e-3;
/** Whole trainings that a search may cost. */
const BUDGET = 12;

/** Null when interrupted; what has ended by then is kept. */
export async function findProgramRate(
  command: readonly string[],
  { terminal, quiet, launcher, override = [], seed = 0, ...options }: FindOptions,
): Promise<Search | { readonly folder: string; readonly result: null }> {
  const template = createTemplate([...wordsOf(launcher), ...command], override);
  const { out, resume = false, steps, gpus, budget = BUDGET, time } = options;
  if (steps === undefined && mentions(template, "steps")) {
    throw new SteepestError("usage", "the command names {steps}, and --steps is not given", {
      help: "give --steps, or write a number into the command",
    });
  }
  const asked = { command: template.command, override, steps: steps ?? null };
  const folder = openFolder({ out, resume, verb: "find-lr", asked });
  const interrupt = catchInterrupt();
  const bar = createBar({ terminal, quiet, total: 1 });
  if (!quiet)
    terminal.note(`looking for the learning rate of: ${template.command.join(" ")}\nlogs in ${folder}`);
  const begun = performance.now();
  const late = (): boolean => time !== undefined && performance.now() - begun > time;
  let trials: ProgramTrials | null = null;
  try {
    bar.update(0, "the first training", { line: "the first training, to its end" });
    trials = await createProgramTrials(
      {
        ...options,
        paths: options.log,
        template,
        root: folder,
        slots: createSlots(Math.max(options.jobs, gpus?.length ?? 1)),
        gpus,
        steps,
        // a launcher's programs run elsewhere, where no signal of ours stops them
        pausing: options.pause ?? (launcher === undefined ? "stop" : "run"),
        signal: interrupt.signal,
      },
      { rate: options.lr ?? FIRST_RATE, seed },
    );
    if (!quiet) terminal.note(foundWords(trials, performance.now() - begun));
    const result = await searchRate(trials, {
      first: trials.first,
      seed,
      seeds: options.seeds,
      budget,
      lowest: options.from,
      highest: options.to,
      signal: interrupt.signal,
      // nothing more is learnt where the rate changes nothing
      enough: () => late() || (trials !== null && withoutEffect(trials, seed)),
      onProgress: ({ steps: paid, expected, text }) =>
        bar.update(Math.round(paid), text, {
          total: expected,
          line: `${text} (${percent(paid, expected)} of the budget)`,
        }),
    });
    const all = trials.all();
    return {
      result,
      trials,
      folder,
      rateWithoutEffect: withoutEffect(trials, seed),
      seedWithoutEffect: seedsAgree(all),
      outOfTime: late(),
      namesRate: namesRate({ template }),
    };
  } catch (error) {
    if (interrupt.signal.aborted) return { folder, result: null };
    throw error;
  } finally {
    bar.stop();
    await trials?.close();
    interrupt.release();
  }
}

const percent = (part: number, whole: number): string =>
  `${Math.min(100, Math.round((100 * part) / whole))} %`;

/** What the first training has shown. */
function foundWords({ found, scale, length, first, endedEarly }: ProgramTrials, ms: number): string {
  const place =
    found === null
      ? "the record of a search before"
      : found.file === "output.log"
        ? "what it prints"
        : found.file;
  const name = found === null ? "" : `, '${found.loss.name}'`;
  const early = endedEarly ? "; it ended before the steps that were asked for" : "";
  const unit = scale.unit === "row" ? "points" : `${scale.unit}s`;
  return `loss found in ${place}${name}: ${showNumber(length)} ${unit} at ${showNumber(first)} in ${showSeconds(ms / 1000)}${early}`;
}

/** Words of a command as a shell splits them, quotes included. */
function wordsOf(text: string | undefined): string[] {
  const words = (text ?? "").match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  return words.map((word) => word.replace(/^(["'])(.*)\1$/s, "$2"));
}

const withoutEffect = (trials: ProgramTrials, seed: number): boolean =>
  same(
    trials
      .all()
      .filter((t) => t.seed === seed)
      .map((t) => t.trial),
  );

/** Losses of several trainings are the same from beginning to end, as far as all of them got. */
function same(trials: readonly ProgramTrial[]): boolean {
  const curves = trials.map((t) => t.curve().losses).filter((l) => l.length > 1);
  if (curves.length < 3) return false;
  const shortest = Math.min(...curves.map((c) => c.length));
  return curves.every((c) => c.slice(0, shortest).every((x, i) => Object.is(x, curves[0]![i])));
}

function seedsAgree(all: ReturnType<ProgramTrials["all"]>): boolean {
  const byRate = new Map<number, number[][]>();
  for (const { rate, trial } of all) {
    const losses = [...trial.curve().losses];
    if (losses.length > 1) byRate.set(rate, [...(byRate.get(rate) ?? []), losses]);
  }
  const several = [...byRate.values()].filter((curves) => curves.length > 1);
  return (
    several.length > 0 &&
    several.every((curves) => {
      const shortest = Math.min(...curves.map((c) => c.length));
      return curves.every((c) => c.slice(0, shortest).every((x, i) => Object.is(x, curves[0]![i])));
    })
  );
}
