/** A run file's model: one of nn's, or what a module brings. */
import { type BuiltModel, buildModel as buildNamed } from "../nn/build.ts";
import { type Layer, sequential, sigmoid } from "../nn/index.ts";
import { SteepestError } from "../run/errors.ts";
import type { ModelSpec } from "../run/spec.ts";

/** What a model has to fit: one example's shape, and how many numbers it has to give. */
export interface ModelSizes {
  readonly inputShape: readonly number[];
  readonly outputs: number;
}

/** A model in a module: the layer itself, or a function of the sizes. */
export type CustomModel = Layer | ((sizes: ModelSizes) => Layer);

export interface BuildModelOptions extends ModelSizes {
  /** The loss reads probabilities, so a sigmoid ends a named model. */
  readonly probability: boolean;
  /** What `{ module }` names, loaded. */
  readonly custom: CustomModel | undefined;
}

export function buildModel(
  spec: ModelSpec,
  { inputShape, outputs, probability, custom }: BuildModelOptions,
): Layer {
  if ("module" in spec) return customModel(custom, { inputShape, outputs }, spec.module);
  const named = buildNamed(spec as BuiltModel, { inputShape, outputs });
  return probability ? sequential(named, sigmoid()) : named;
}

function customModel(custom: CustomModel | undefined, sizes: ModelSizes, where: string): Layer {
  const layer = typeof custom === "function" ? custom(sizes) : custom;
  if (layer !== undefined && typeof layer.forward === "function") return layer;
  throw new SteepestError("module", "the module's model is not a layer", {
    where: `in ${where}`,
    help: "export a layer such as nn.sequential(…), or a function ({ inputShape, outputs }) => layer",
  });
}
