/** The lesson's first program, with other rates, lengths and features. */

import { wasm } from "steepest/engine";
import { firstProgram } from "steepest/lesson/problems";
import { adam, sgd } from "steepest/optim";
import type { TrainStep } from "steepest/train";

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

function replayOne(name: "sgd" | "adam", request: Request): Float64Array {
  const { step, initial } = programOf(name, request);
  for (const [i, tensor] of step.state.entries()) tensor.values.set(initial[i]!);
  const losses = new Float64Array(request.epochs);
  for (let k = 0; k < request.epochs; k++) losses[k] = step.run(k + 1, request.lr[name]).loss;
  return losses;
}

export function replay(request: Request): Replayed {
  const start = performance.now();
  const [sgdLosses, adamLosses] = [replayOne("sgd", request), replayOne("adam", request)];
  return { sgd: sgdLosses, adam: adamLosses, milliseconds: performance.now() - start };
}
