import {
  type Expr,
  iota,
  le,
  matmul,
  mul,
  permute,
  reshape,
  select,
  softmax,
  take,
} from "../engine/graph/index.ts";
import { compose } from "./compose.ts";
import { dropoutOf } from "./dropout.ts";
import { nnError, requireShare, requireSizes } from "./errors.ts";
import { constantInit, xavierUniform } from "./init.ts";
import type { Context, Layer } from "./layer.ts";
import { affine, linear } from "./linear.ts";

/**
 * softmax(q·kᵀ/√d)·v over the last two axes: q, k, v [..., T, d] → [..., T, d] (Vaswani et al. 2017, eq. 1).
 * With `widthMultiplier` m the scores are divided by √(d·m), which under µP is d over the root of the base's.
 * `causal` hides later positions; `weights` may change the attention weights (dropout).
 */
export function attentionOf(
  q: Expr,
  k: Expr,
  v: Expr,
  {
    causal = false,
    weights = (w) => w,
    widthMultiplier = 1,
  }: { causal?: boolean; weights?: (w: Expr) => Expr; widthMultiplier?: number } = {},
): Expr {
  const width = q.shape[q.shape.length - 1]!;
  const scores = matmul(mul(q, 1 / Math.sqrt(width * widthMultiplier)), k, { transposeB: true });
  const square = scores.shape.slice(-2);
  const seen = causal
    ? select(le(iota(square, 1), iota(square, 0)), scores, Number.NEGATIVE_INFINITY)
    : scores;
  return matmul(weights(softmax(seen)), v);
}

/** Options of `multiHeadAttention`. `causal`: a position sees itself and those before it. */
export interface AttentionOptions {
  readonly causal?: boolean;
  /** Dropout of the attention weights. */
  readonly dropout?: number;
  readonly bias?: boolean;
  /** How many times as wide as its base the model is, for maximal-update parametrization (width.ts). Default 1. */
  readonly widthMultiplier?: number;
}

/**
 * Self-attention with PyTorch's `nn.MultiheadAttention` tensors (batch first): x [N, T, width] → [N, T, width];
 * `in_proj_weight` [3·width, width] holds q, k and v one after another. Starts from the same distributions; PyTorch draws
 * `out_proj` first, here the tensors draw in the order of their names.
 */
export function multiHeadAttention(
  width: number,
  heads: number,
  { causal = false, dropout = 0, bias = true, widthMultiplier = 1 }: AttentionOptions = {},
): Layer {
  requireSizes("multiHeadAttention", { width, heads });
  requireShare("multiHeadAttention", "dropout", dropout);
  if (width % heads !== 0)
    throw nnError(
      `multiHeadAttention: width ${width} does not divide into ${heads} heads`,
      "make the width a multiple of the number of heads",
    );
  const own = {
    in_proj_weight: xavierUniform([3 * width, width]),
    ...(bias ? { in_proj_bias: constantInit([3 * width], 0) } : {}),
  };
  const zeroBias = linear(width, width, { bias });
  const outProj: Layer = bias
    ? { ...zeroBias, params: { ...zeroBias.params, bias: constantInit([width], 0) } }
    : zeroBias;
  return compose(
    { out_proj: outProj },
    (call, x, p, context: Context) => {
      if (x.shape.length !== 3 || x.shape[2] !== width)
        throw nnError(`multiHeadAttention: needs [N, T, ${width}], got [${x.shape.join(", ")}]`);
      const [n, t] = x.shape as [number, number, number];
      const qkv = reshape(affine(x, p["in_proj_weight"]!, p["in_proj_bias"]), [
        n,
        t,
        3,
        heads,
        width / heads,
      ]);
      const parts = permute(qkv, [2, 0, 3, 1, 4]); // [3, N, heads, T, d]
      const [q, k, v] = [0, 1, 2].map((i) => take(parts, 0, i)) as [Expr, Expr, Expr];
      const weights = (w: Expr): Expr => {
        context.seen?.("weights", w); // [N, heads, T, T], rows add up to 1
        return dropoutOf(w, dropout, context);
      };
      const mixed = attentionOf(q, k, v, { causal, weights, widthMultiplier });
      return call("out_proj", reshape(permute(mixed, [0, 2, 1, 3]), [n, t, width]));
    },
    { params: own, keys: dropout > 0 ? 1 : 0 },
  );
}
