/** What the room asks of the engine. */

import { wasm } from "steepest/engine";
import { type RunLandscape, runLandscape } from "steepest/train";
import { type Advice, advise } from "steepest/tune";
import type { Report } from "../../lib/engine.ts";
import type { Compared } from "./compare-optimizers.ts";
import { largest } from "./guesses.ts";
import { type Decision, decide, type Inside, insideDigits, insidePoints } from "./inside.ts";
import type { planes } from "./names.ts";
import type { Asked, Change, OptimizerName } from "./run-file.ts";
import { begin, change, goOn, hostFor, opened, type State, stateOf } from "./session.ts";

export type { Compared } from "./compare-optimizers.ts";
export { type State, setPace, setTable } from "./session.ts";

export interface Facts {
  readonly parameters: number;
  readonly rows: number;
  readonly stepsPerEpoch: number;
  readonly advice: Advice;
  readonly backend: string;
  /** What was measured when it was chosen; "": nothing. */
  readonly why: string;
  readonly classes: readonly string[];
  /** Of tables and points: names of the two features that are drawn, and rows with their classes. */
  readonly points: {
    readonly names: readonly [string, string];
    readonly features: number;
    readonly at: Float32Array;
    readonly labels: Int32Array;
  } | null;
}

/** Points drawn at most. */
const DRAWN = 800;

/** A new run, at its start. */
export async function open(
  asked: Asked,
  changes: readonly Change[],
): Promise<{ facts: Facts; state: State }> {
  const s = await begin(asked, changes);
  const { parameters, plan, data, spec } = s.built;
  const { features, target, featureNames = [] } = data;
  const width = features.rowStride;
  const n = Math.min(DRAWN, plan.n);
  const points = {
    names: [featureNames[0] ?? "first feature", featureNames[1] ?? ""] as const,
    features: width,
    at: Float32Array.from({ length: 2 * n }, (_, i) =>
      i % 2 < width ? features.data[(i >> 1) * width + (i % 2)]! : 0,
    ),
    labels: Int32Array.from(target.data.subarray(0, n)),
  };
  return {
    facts: {
      parameters,
      rows: plan.n,
      stepsPerEpoch: plan.stepsPerEpoch,
      advice: advise({ run: spec, batchSize: plan.batchSize }),
      backend: s.built.backend,
      why: s.chosen.why ?? "",
      classes: s.guess.classes,
      points: asked.data === "digits" ? null : points,
    },
    state: stateOf(s),
  };
}

/** Rate and optimizer from the next step on. */
export async function steer(lr: number, optimizer: OptimizerName): Promise<State> {
  const s = opened();
  await change(s, lr, optimizer);
  return stateOf(s);
}

/** Trains until step `to` or until told to stop; another run that is opened meanwhile ends this one. */
export const go = (to: number, report: Report<State>): Promise<State> => goOn(opened(), to, report);

export interface Guess {
  readonly pixels: Float32Array;
  readonly probabilities: readonly number[];
  /** Null for a drawing. */
  readonly label: number | null;
  readonly inside: Inside;
}

export function guessDrawing(pixels: Float32Array): Guess {
  const { guess, built } = opened();
  return {
    pixels,
    probabilities: [...guess.probabilities(pixels)],
    label: null,
    inside: insideDigits(built, pixels),
  };
}

const unseenDigit = (digit: number): { pixels: Float32Array; label: number } => {
  const { features, target } = opened().guess.held;
  return {
    pixels: Float32Array.from(features.data.subarray(digit * 784, (digit + 1) * 784)),
    label: target.data[digit]!,
  };
};

export function guessUnseen(digit: number): Guess {
  const { pixels, label } = unseenDigit(digit);
  return { ...guessDrawing(pixels), label };
}

/** The network's answer over the plane, and each first unit's. */
export function lookAtPlane(): { readonly decision: Decision; readonly inside: Inside } {
  const { guess, built, frame } = opened();
  return { decision: decide(guess, frame), inside: insidePoints(built, frame) };
}

/** The next unseen digit that is taken for another, of the kinds asked for ("any" or a digit). Null: there is none. */
export function nextMistake(after: number, is: string, as: string): number | null {
  const { guess } = opened();
  const n = guess.held.features.shape[0]!;
  for (let i = 1; i <= n; i++) {
    const digit = (after + i) % n;
    const { label, pixels } = unseenDigit(digit);
    const taken = largest(guess.probabilities(pixels));
    const wanted = (is === "any" || Number(is) === label) && (as === "any" || Number(as) === taken);
    if (wanted && taken !== label) return digit;
  }
  return null;
}

/** The loss around the weights as they are now, and the path of the run on the cut; null: stopped. */
export function landscape(
  plane: (typeof planes)[number],
  report: Report<number>,
): Promise<RunLandscape | null> {
  const { built, path } = opened();
  return runLandscape(built, { plane, path, backend: wasm, onStep: report });
}

/** Each optimizer at each rate with each seed, ranked by its loss on rows held out; null: stopped. */
export const tryGuide = async (
  asked: Asked,
  seeds: number,
  report: Report<{ readonly done: number; readonly expected: number }>,
): Promise<Compared | null> => {
  const { compareOptimizers } = await import("./compare-optimizers.ts");
  return compareOptimizers(asked, { seeds, host: hostFor(asked), report });
};
