import { type Expr, isFloat, lt, mul, random, select } from "../engine/graph/index.ts";
import { nnError, requireShare } from "./errors.ts";
import type { Context, Layer } from "./layer.ts";

/**
 * Inverted dropout (Srivastava et al. 2014): in training each element is zeroed with probability `p` and the others grow
 * by 1/(1 − p); evaluation changes nothing. The mask is a function of the step's key alone, so a resumed run draws the same.
 */
export function dropoutOf(x: Expr, p: number, { training, key }: Context): Expr {
  if (!training || p === 0) return x;
  if (key === undefined)
    throw nnError(
      "dropout: a training pass needs key words for its random mask",
      "pass { training: true, key: [k0, k1] } with int32 scalars that differ at each step",
    );
  if (!isFloat(x.dtype)) throw nnError(`dropout: needs floats, got ${x.dtype}`);
  if (p === 1) return mul(x, 0);
  // 24 random bits decide, whatever the dtype
  const kept = lt(random("uniform", x.shape, { key }), 1 - p);
  return select(kept, mul(x, 1 / (1 - p)), 0);
}

/** PyTorch's `nn.Dropout`, drawn from the run's seed. */
export function dropout(p = 0.5): Layer {
  requireShare("dropout", "p", p);
  return {
    params: {},
    buffers: {},
    keys: p > 0 ? 1 : 0,
    forward: (_, x, context) => ({ output: dropoutOf(x, p, context), buffers: {} }),
  };
}
