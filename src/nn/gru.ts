import { add, type Expr, mul, sigmoid, split, stack, sub, take, tanh, zeros } from "../engine/graph/index.ts";
import { compose } from "./compose.ts";
import { dropout as dropoutLayer } from "./dropout.ts";
import { nnError, requireSizes } from "./errors.ts";
import { uniformInit } from "./init.ts";
import type { Layer, ParamSpecs, Tensors } from "./layer.ts";
import { affine } from "./linear.ts";

/** Options of `gru`. */
export interface GruOptions {
  readonly layers?: number;
  /** Between layers, not after the last. */
  readonly dropout?: number;
  readonly bias?: boolean;
  /** Every step's state [N, T, hidden], or the last one only [N, hidden]. */
  readonly output?: "every" | "last";
}

/**
 * PyTorch's `nn.GRU(batch_first=True)` from a zero state: x [N, T, in] → [N, T, hidden]. With σ the logistic function,
 * r = σ(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r∘(W_hn h + b_hn)), h ← (1 − z)∘n + z∘h.
 * The loop over T is unrolled, so the compiled step grows with T.
 */
export function gru(
  inSize: number,
  hidden: number,
  { layers = 1, dropout = 0, bias = true, output = "every" }: GruOptions = {},
): Layer {
  requireSizes("gru", { in: inSize, hidden, layers });
  const bound = 1 / Math.sqrt(hidden);
  const params: ParamSpecs = Object.assign(
    {},
    ...Array.from({ length: layers }, (_, l) => ({
      [`weight_ih_l${l}`]: uniformInit([3 * hidden, l === 0 ? inSize : hidden], bound),
      [`weight_hh_l${l}`]: uniformInit([3 * hidden, hidden], bound),
      ...(bias
        ? {
            [`bias_ih_l${l}`]: uniformInit([3 * hidden], bound),
            [`bias_hh_l${l}`]: uniformInit([3 * hidden], bound),
          }
        : {}),
    })),
  );
  const between = Object.fromEntries(
    Array.from({ length: layers - 1 }, (_, l) => [`dropout${l}`, dropoutLayer(dropout)] as const),
  );
  return compose(
    between,
    (call, x, own) => {
      if (x.shape.length !== 3 || x.shape[2] !== inSize)
        throw nnError(`gru: needs [N, T, ${inSize}], got [${x.shape.join(", ")}]`);
      let states: Expr[] = [];
      let h = x;
      for (let l = 0; l < layers; l++) {
        states = gruStates(h, own, l, hidden);
        if (l < layers - 1) h = call(`dropout${l}`, stack(states, 1));
      }
      return output === "last" ? states[states.length - 1]! : stack(states, 1);
    },
    { params },
  );
}

/** The states [N, hidden] after each step of one layer. */
function gruStates(x: Expr, p: Tensors, layer: number, hidden: number): Expr[] {
  const [n, steps] = x.shape as [number, number];
  const named = (name: string): Expr | undefined => p[`${name}_l${layer}`];
  // the input's part of all steps at once: one big product
  const fromInput = affine(x, named("weight_ih")!, named("bias_ih"));
  const states: Expr[] = [];
  let h = zeros([n, hidden], x.dtype);
  for (let t = 0; t < steps; t++) {
    const gates = (e: Expr) => split(e, [hidden, hidden, hidden], 1) as [Expr, Expr, Expr];
    const [xr, xz, xn] = gates(take(fromInput, 1, t));
    const [hr, hz, hn] = gates(affine(h, named("weight_hh")!, named("bias_hh")));
    const reset = sigmoid(add(xr, hr));
    const keep = sigmoid(add(xz, hz));
    const fresh = tanh(add(xn, mul(reset, hn)));
    h = add(mul(sub(1, keep), fresh), mul(keep, h));
    states.push(h);
  }
  return states;
}
