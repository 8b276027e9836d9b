/** The lesson's first program, with other rates, lengths and features. */

import { wasm } from "steepest/engine";
import { firstProgram } from "steepest/lesson/problems";
import { adam, sgd } from "steepest/optim";
import type { TrainStep } from "steepest/train";
import { FEATURES } from "./view.ts";

export interface Request {
  readonly lr: { readonly sgd: number; readonly adam: number };
  readonly epochs: number;
  readonly standardise: boolean;
  readonly start: "lesson" | "zeros";
  readonly loss: "bce" | "bce-with-logits";
}

export interface Replayed {
  /** The loss before each epoch's update, as the lesson's program collects it. */
  readonly sgd: Float64Array;
  readonly adam: Float64Array;
  /** The three weights before each epoch's update, and after the last: row after row. */
  readonly weights: { readonly sgd: Float64Array; readonly adam: Float64Array };
  readonly milliseconds: number;
}

interface Program {
  readonly step: Pick<TrainStep, "run" | "state">;
  readonly initial: readonly (readonly number[])[];
}

// compiled once for each kind of problem: rates and lengths need no new program
const programs = new Map<string, Program>();

function programOf(name: "sgd" | "adam", { standardise, start, loss }: Request): Program {
  const key = [name, standardise, start, loss].join();
  const found = programs.get(key);
  if (found) return found;
  const step = firstProgram({
    backend: wasm,
    optimizer: name === "sgd" ? sgd({ lr: 1 }) : adam({ lr: 1 }),
    start: start === "zeros" ? "zeros" : name,
    loss,
    standardized: standardise,
  });
  const made = { step, initial: step.state.map((s) => Array.from(s.values)) };
  programs.set(key, made);
  return made;
}

function replayOne(
  name: "sgd" | "adam",
  request: Request,
): { readonly losses: Float64Array; readonly weights: Float64Array } {
  const { step, initial } = programOf(name, request);
  for (const [i, tensor] of step.state.entries()) tensor.values.set(initial[i]!);
  const losses = new Float64Array(request.epochs);
  const weights = new Float64Array(FEATURES * (request.epochs + 1));
  const now = step.state.find((t) => t.name.startsWith("param.") && t.values.length === FEATURES)!.values;
  for (let k = 0; k < request.epochs; k++) {
    weights.set(now, FEATURES * k);
    losses[k] = step.run(k + 1, request.lr[name]).loss;
  }
  weights.set(now, FEATURES * request.epochs);
  return { losses, weights };
}

export function replay(request: Request): Replayed {
  const start = performance.now();
  const [plain, other] = [replayOne("sgd", request), replayOne("adam", request)];
  return {
    sgd: plain.losses,
    adam: other.losses,
    weights: { sgd: plain.weights, adam: other.weights },
    milliseconds: performance.now() - start,
  };
}
