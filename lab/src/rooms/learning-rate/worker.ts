/** Three rates on the lesson's second problem; the search for a rate is in search.ts. */
import { confidenceWords, diagnoseRun, verdictCell } from "steepest/diagnose";
import { wasm } from "steepest/engine";
import { losses, type Problem, secondProgram } from "steepest/lesson/problems";
import type { RunLog } from "steepest/run";
import type { Report } from "../../lib/engine.ts";
import type { DigitsRun, Found, Progress, Trained } from "./search.ts";

export type { Found, Progress, Trained } from "./search.ts";

export interface Curve {
  readonly lr: number;
  readonly losses: Float64Array;
  /** The doctor's word on this curve alone, as the command line's table has it. */
  readonly verdict: string;
  /** "" where there is no verdict to be sure of. */
  readonly sure: string;
}

const programs = new Map<Problem, ReturnType<typeof secondProgram>>();

export function threeRates(problem: Problem, rates: readonly number[], epochs: number): Curve[] {
  const program = programs.get(problem) ?? secondProgram({ backend: wasm }, problem);
  programs.set(problem, program);
  return rates.map((lr) => {
    const curve = losses(program, epochs, lr);
    const run = diagnoseRun(logOf(curve));
    return { lr, losses: curve, verdict: verdictCell(run), sure: confidenceWords(run) };
  });
}

/** The doctor's word on each of these examples, from the curve alone. */
export const symptoms = (
  examples: readonly { readonly problem: Problem; readonly lr: number }[],
  epochs: number,
): string[] => examples.map(({ problem, lr }) => threeRates(problem, [lr], epochs)[0]!.verdict);

const logOf = (loss: Float64Array): RunLog => ({
  source: "this page",
  format: "steepest",
  run: null,
  stepUnit: "epoch",
  series: [{ name: "loss", role: "loss", steps: Float64Array.from(loss, (_, k) => k), values: loss }],
  notes: [],
  meta: {},
});

// run files, data and the search weigh as much as all else: most readers of this room never ask for them
const searching = (): Promise<typeof import("./search.ts")> => import("./search.ts");

export const runFile = async (asked: DigitsRun, lr?: number): Promise<Record<string, unknown>> =>
  (await searching()).runFile(asked, lr);

/** null: stopped. */
export const search = async (
  asked: DigitsRun,
  seeds: number,
  report: Report<Progress>,
): Promise<Found | null> => (await searching()).search(asked, seeds, report);

/** Trains at each rate in turn, a few steps of each at a time; reports what there is so far. */
export const trainAt = async (
  asked: DigitsRun,
  rates: readonly number[],
  report: Report<readonly Trained[]>,
): Promise<readonly Trained[]> => (await searching()).trainAt(asked, rates, report);
