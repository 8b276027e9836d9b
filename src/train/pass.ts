/** One forward pass of a model, and the further ones that a loss may ask for. */
import { type Expr, isExpr } from "../engine/graph/index.ts";
import { shapeError, showShape } from "../engine/graph/shape.ts";
import { shiftKey } from "../nn/compose.ts";
import type { Context, Layer, Tensors } from "../nn/layer.ts";
import { SteepestError } from "../run/errors.ts";

/** What a loss may use besides output and batch. */
export interface LossContext {
  /** The model's parameters by PyTorch's names, for penalties. */
  readonly params: Tensors;
  /** The model's output for another input: a second view, a perturbed batch, points of a differential equation. */
  readonly apply: (x: Expr) => Expr;
}

export interface Pass {
  readonly output: Expr;
  readonly context: LossContext;
  /** The buffers after all passes so far. */
  readonly buffers: () => Tensors;
}

export interface PassInputs {
  readonly params: Tensors;
  readonly buffers: Tensors;
  /** `x` feeds the model; layers see the rest as `context.batch`. */
  readonly batch: Tensors;
  readonly context: Context;
}

/** Each pass draws random numbers of its own, and finds the buffers as the pass before it left them, as in PyTorch. */
export function pass(model: Layer, { params, buffers, batch, context }: PassInputs): Pass {
  let kept = buffers;
  let passes = 0;
  const apply = (x: Expr): Expr => {
    const key = context.key && shiftKey(context.key, model.keys * passes++);
    const result = model.forward({ ...params, ...kept }, x, { ...context, batch, ...(key && { key }) });
    kept = { ...kept, ...result.buffers };
    return result.output;
  };
  return { output: apply(batch["x"]!), context: { params, apply }, buffers: () => kept };
}

/** For a loss whose translation is output and batch alone. Throws `handoff` where it asks for more. */
export const noPass: LossContext = {
  get params(): never {
    throw notTranslated("the model's parameters");
  },
  apply: () => {
    throw notTranslated("further passes of the model");
  },
};

const notTranslated = (what: string): SteepestError =>
  new SteepestError("handoff", `the loss asks for ${what}, which is not handed over to PyTorch`, {
    where: "at loss",
    help: "train it with steepest, or write the loss from output and batch alone",
  });

/** What a loss or a measure gave, if it is one number. Throws `loss` for anything but a tensor, `shape` for a larger one. */
export function scalarOf(what: string, given: unknown): Expr {
  if (!isExpr(given)) {
    const promise = typeof given === "object" && given !== null && "then" in given;
    throw new SteepestError("loss", `${what} must be a tensor, not ${promise ? "a promise" : show(given)}`, {
      help: promise
        ? "make the function plain: it builds an expression once and has nothing to wait for"
        : "return an expression, such as losses.mse(output, batch.y)",
    });
  }
  if (given.shape.length === 0) return given;
  throw shapeError(
    "loss",
    `${what} is one number, but this one has shape ${showShape(given.shape)}`,
    "take its mean",
  );
}

const show = (given: unknown): string =>
  given === undefined
    ? "nothing"
    : typeof given === "object"
      ? "a record"
      : `${typeof given} ${String(given)}`;
