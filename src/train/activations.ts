/** What lies inside a model while it computes: outputs of its layers and attention's weights, for batches of one size. */
import type { Expr } from "../engine/graph/index.ts";
import { closest, SteepestError } from "../run/errors.ts";
import { copyBatch, rowsGiven } from "./batch-memory.ts";
import type { Tensor } from "./fit-data.ts";
import { type ForwardOptions, forwardProgram, type Loaded } from "./forward.ts";
import type { StoredState } from "./program.ts";
import type { BatchShapes } from "./trace.ts";

/** What `activationStep` compiles. */
export interface ActivationStepOptions<B extends BatchShapes = BatchShapes> extends ForwardOptions<B> {
  /**
   * Layers by the names that their parameters begin with: "blocks.0.linear1" is that layer's output. Attention also has
   * its weights, [N, heads, T, T]: "blocks.0.self_attn.weights".
   */
  readonly names: readonly string[];
  /** Where the weights come from, now: `step.state`, or none and `load` later. */
  readonly state?: readonly StoredState[];
}

/** Gives for a batch what was asked for, by name; overwritten by the next call. Throws `batch`, `shape`. */
export interface ActivationStep<B extends BatchShapes = BatchShapes> extends Loaded {
  (batch: { readonly [K in keyof B]: ArrayLike<number> }): Readonly<Record<string, Tensor>>;
}

/**
 * Compiles the forward pass with outputs from its inside, as forward hooks give them in PyTorch: dropout is off. Throws
 * `layer-name` for a name that the model has not.
 */
export function activationStep<const B extends BatchShapes>(
  options: ActivationStepOptions<B>,
): ActivationStep<B>;
export function activationStep({ names, state, ...options }: ActivationStepOptions): ActivationStep {
  const found = new Map<string, Expr>();
  const seen = (name: string, value: Expr): void => {
    found.set(name, value);
  };
  const { executable, data, inputs, load } = forwardProgram({ ...options, seen }, () =>
    names.map((name) => ({
      name: `out.${name}`,
      value: found.get(name) ?? unknown(name, [...found.keys()]),
    })),
  );
  if (state !== undefined) load(state);
  const outputs = Object.fromEntries(
    names.map((name) => [name, { shape: found.get(name)!.shape, values: executable.view(`out.${name}`) }]),
  );
  const call = (batch: Readonly<Record<string, ArrayLike<number>>>): Readonly<Record<string, Tensor>> => {
    const [given, rows] = [rowsGiven("activationStep", batch, data), Object.values(data)[0]?.shape[0]];
    if (given !== null && given !== rows) {
      throw new SteepestError(
        "batch",
        `activationStep: the batch has ${given} examples, and ${rows} were declared`,
        {
          help: "give as many examples as the batch's shapes say",
        },
      );
    }
    copyBatch("activationStep", batch, { data, views: inputs });
    executable.run();
    return outputs;
  };
  return Object.assign(call, { load });
}

function unknown(name: string, known: readonly string[]): never {
  const near = closest(name, known);
  throw new SteepestError("layer-name", `the model has no layer named ${name}`, {
    where: "at names",
    help: near === undefined ? `its layers are ${known.join(", ")}` : `did you mean ${near}?`,
  });
}
