import {
  abs,
  add,
  broadcastTo,
  div,
  type Expr,
  eq,
  mul,
  not,
  select,
  sqrt,
  square,
  sum,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, lr, maximize } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { outsideAdamLimit } from "../stability.ts";
import { biasCorrection, ema } from "../tensors.ts";
import { ascend, scaleByLr } from "../transforms/scale.ts";

export interface SparseAdamOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly maximize: boolean;
}

/** True in the rows (first axis) whose gradient is not exactly zero: those the batch looked up. NaN counts. */
function touched(g: Expr): Expr {
  const axes = g.shape.map((_, i) => i).slice(1);
  return broadcastTo(not(eq(sum(abs(g), { axes, keepDims: true }), 0)), g.shape);
}

export const sparseAdam: Optimizer<SparseAdamOptions> = defineOptimizer<SparseAdamOptions>({
  name: "sparse-adam",
  options: {
    lr: lr(1e-3),
    betas: betas([0.9, 0.999] as const, "β₁, β₂: memory of the mean and of the mean square"),
    eps: eps(1e-8),
    maximize,
  },
  paper: {
    cite: "Kingma & Ba 2015, lazily: rows without a gradient keep their moments and weights",
    url: "https://arxiv.org/abs/1412.6980",
    equation: "Adam in rows with g ≠ 0; other rows unchanged",
  },
  elsewhere: { pytorch: "SparseAdam" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, v: 1 },
  torch: null,
  purpose: "embedding tables: rows that a batch does not look up are not moved by stale momentum",
  stabilityLimit: outsideAdamLimit,
  unmodified: "rows without a gradient stay as they are",
  make: ({ betas: [b1, b2], eps: e, maximize: climb }) =>
    chain(
      climb && ascend(),
      perTensor({
        name: "adam",
        slots: { m: zerosLike, v: zerosLike },
        update: ({ step }) => {
          // PyTorch's form here: both corrections in the rate, so that ε meets the uncorrected root
          const scale = div(sqrt(biasCorrection(b2, step)), biasCorrection(b1, step));
          return (g, slots) => {
            const here = touched(g);
            const m = select(here, ema(slots.m, g, b1), slots.m);
            const v = select(here, ema(slots.v, square(g), b2), slots.v);
            const u = mul(scale, div(m, add(sqrt(v), e)));
            return [select(here, u, zerosLike(u)), { m, v }];
          };
        },
      }),
      scaleByLr(),
    ),
});
