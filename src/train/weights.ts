/** Weights in and out of a run: what training starts from, and what a trained model is used with. */
import type { TypedArray } from "../engine/graph/index.ts";
import { matchesName } from "../nn/freeze.ts";
import type { Layer, ParamDType } from "../nn/layer.ts";
import { evaluateState, flattenState, initialState, stateInputs } from "../optim/state.ts";
import type { Transform } from "../optim/transform.ts";
import { SteepestError } from "../run/errors.ts";
import { readModelRecord } from "./model-record.ts";
import type { StoredState, TrainStep } from "./program.ts";
import { decodeSafeTensors, encodeSafeTensors, type SafeTensors, type StoredTensor } from "./safetensors.ts";
import { tensorInputs } from "./trace.ts";

export interface StartOptions {
  /** Patterns of tensors that keep their random start, such as a new head. */
  readonly skip?: readonly string[];
}

/**
 * Sets parameters and buffers to the tensors of the same names, and the optimizer's state to its first one. Tensors of
 * other names are left alone; returns their names. Nothing is changed when this throws `init-weights`, for a parameter or
 * buffer that is missing or has another shape, or for a pattern of `skip` without a match.
 */
export function startFrom(
  { step }: { readonly step: Pick<TrainStep, "state" | "parts"> },
  tensors: ReadonlyMap<string, StoredTensor>,
  where: string,
  { skip = [] }: StartOptions = {},
): string[] {
  const plain = (name: string): string => name.replace(/^(param|buffer)\./, "");
  const all = step.state.filter(({ name }) => !name.startsWith("optimizer."));
  const unused = skip.find((pattern) => !all.some(({ name }) => matchesName(pattern, plain(name))));
  if (unused !== undefined) {
    throw new SteepestError("init-weights", `no tensor of the model is called "${unused}"`, {
      where: "at --init-skip",
      help: `its tensors are ${all
        .slice(0, 12)
        .map(({ name }) => plain(name))
        .join(", ")}${all.length > 12 ? " …" : ""}`,
    });
  }
  const own = all.filter(({ name }) => !skip.some((pattern) => matchesName(pattern, plain(name))));
  for (const { name, shape } of own) {
    const found = tensors.get(plain(name));
    if (found !== undefined && String(found.shape) === String(shape)) continue;
    const there = found === undefined ? "not there" : `[${found.shape.join(", ")}] there`;
    throw new SteepestError("init-weights", `${plain(name)} is [${shape.join(", ")}] here and ${there}`, {
      where,
      help: "give the weights of the same model, under the names of PyTorch's state dict; --init-skip leaves tensors out",
    });
  }
  for (const { name, values } of own) values.set(tensors.get(plain(name))!.values);
  const { model, optimizer, dtype } = step.parts;
  const params = tensorInputs("param.", model.params, dtype);
  const values = new Map(all.map((t) => [t.name, t.values]));
  const given = new Map(
    Object.keys(params).map((name) => [params[name]!, values.get(`param.${name}`)!] as const),
  );
  const first = evaluateState(initialState(optimizer, params), given);
  for (const { name, values } of step.state)
    if (name.startsWith("optimizer.")) values.set(first[name.slice("optimizer.".length)]!);
  const names = new Set(own.map(({ name }) => plain(name)));
  return [...tensors.keys()].filter((name) => !names.has(name) && !name.startsWith("optimizer."));
}

/**
 * Throws `init-weights` where a checkpoint says that its model read other characters than a run's text has: its rows of
 * the embedding would stand for other characters, even where there are as many.
 */
export function requireSameCharacters(
  { classes = [] }: { readonly classes?: readonly string[] },
  { metadata }: Pick<SafeTensors, "metadata">,
  where: string,
): void {
  if (metadata["model"] === undefined) return;
  const { input } = readModelRecord(metadata["model"], where);
  if (input.kind !== "text") return;
  const [theirs, ours] = [input.vocabulary, classes];
  if (theirs.join("") === ours.join("")) return;
  const only = (a: readonly string[], b: readonly string[]): string =>
    JSON.stringify(
      a
        .filter((c) => !b.includes(c))
        .join("")
        .slice(0, 40),
    );
  throw new SteepestError("init-weights", "the weights were trained on a text of other characters", {
    where,
    help: `train on a text with the same ones: only the weights know ${only(theirs, ours)}, only this text has ${only(ours, theirs)}`,
  });
}

export interface EvaluationModel {
  readonly layer: Layer;
  readonly optimizer: Transform;
  readonly state: readonly StoredState[];
  readonly dtype: ParamDType;
}

/**
 * Parameters and buffers that the model is used with, under their own names: for optimizers that average, the averages and
 * not the weights being trained.
 */
export function evaluationWeights({ layer, optimizer, state, dtype }: EvaluationModel): StoredTensor[] {
  const values = new Map(state.map((t) => [t.name, t.values] as const));
  const params = tensorInputs("param.", layer.params, dtype);
  const stored = stateInputs(optimizer.init(params), "optimizer.");
  const at = optimizer.evaluationParams?.(params, stored) ?? params;
  const given = new Map([
    ...Object.entries(params).map(([name, e]) => [e, values.get(`param.${name}`)!] as const),
    ...Object.entries(flattenState(stored)).map(
      ([name, e]) => [e, values.get(`optimizer.${name}`)!] as const,
    ),
  ]);
  const weights = evaluateState(at, given);
  return [
    ...Object.entries(layer.params).map(([name, { shape }]) => ({ name, shape, values: weights[name]! })),
    ...Object.entries(layer.buffers).map(([name, { shape }]) => ({
      name,
      shape,
      values: values.get(`buffer.${name}`) as TypedArray,
    })),
  ];
}

/**
 * A safetensors file of the weights to predict with, under the names of PyTorch's state dict: parameters and buffers,
 * averaged where the optimizer averages.
 */
export function saveWeights({ parts, state }: Pick<TrainStep, "parts" | "state">): Uint8Array<ArrayBuffer> {
  const { model, optimizer, dtype } = parts;
  return encodeSafeTensors(evaluationWeights({ layer: model, optimizer, state, dtype }), { format: "pt" });
}

/**
 * Starts a step from the weights of a safetensors file, float16 and bfloat16 too; the optimizer starts anew. Returns the
 * names in the file that the model has no place for. Throws `safetensors` for a damaged file, `init-weights` for a tensor
 * that is missing or has another shape; then nothing is changed.
 */
export function loadWeights(
  step: Pick<TrainStep, "parts" | "state">,
  bytes: Uint8Array,
  { where = "in the weights" }: { readonly where?: string } = {},
): string[] {
  return startFrom({ step }, decodeSafeTensors(bytes, where).tensors, where);
}
