import {
  div,
  type Expr,
  max,
  min,
  mul,
  pow,
  rsqrt,
  square,
  sub,
  sum,
  zeros,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { lr, maximize, number, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { ema, rootMeanSquare } from "../tensors.ts";
import type { Hyper, Transform } from "../transform.ts";
import { decayByLr } from "../transforms/decay.ts";
import { ascend, scaleBy } from "../transforms/scale.ts";
import { partition } from "../wrappers/partition.ts";

export interface AdafactorOptions {
  readonly lr: number;
  readonly beta2Decay: number;
  readonly eps: readonly [number | null, number];
  readonly d: number;
  readonly weightDecay: number;
  readonly maximize: boolean;
}

/** Mean over one of the last two axes, kept with size 1; 0 where the axis is empty. */
export const axisMean = (x: Expr, axis: -1 | -2): Expr =>
  div(sum(x, { axes: [axis], keepDims: true }), Math.max(1, x.shape.at(axis)!));

/** x shaped like p but with one of its last two axes of size 1. */
export const zerosAlong =
  (axis: -1 | -2) =>
  (p: Expr): Expr =>
    zeros(
      p.shape.map((d, i) => (i === p.shape.length + axis ? 1 : d)),
      p.dtype,
    );

/** One zero for each row of a tensor as a matrix, [rows, 1]. */
export const rowZeros = (p: Expr): Expr => zeros([p.shape[0]!, 1], p.dtype);

/** Second moments of matrices as an outer product of row and column means; of vectors in full. */
export const byRank = (matrices: Transform, others: Transform): Transform =>
  partition({ factored: matrices, full: others }, (_, p) => (p.shape.length > 1 ? "factored" : "full"));

/** u → u/max(1, RMS(u)/d) */
export const limitRms = (u: Expr, d: number): Expr => div(u, max(1, div(rootMeanSquare(u), d)));

const machineEpsilon = (x: Expr): number => (x.dtype === "float64" ? 2 ** -52 : 2 ** -23);

export const adafactor: Optimizer<AdafactorOptions> = defineOptimizer<AdafactorOptions>({
  name: "adafactor",
  options: {
    lr: lr(1e-2, "largest relative step: ρₜ = min(η, 1/√t)"),
    beta2Decay: number(-0.8, "β₂ₜ = 1 − t^beta2Decay", { max: 0 }),
    eps: {
      type: "numbers",
      length: 2,
      nullable: true,
      default: [null, 1e-3],
      min: 0,
      description: "ε₁ under the root (null: the dtype's precision), ε₂ the least scale of a parameter",
    },
    d: number(1, "the update's root mean square is limited to this", { above: 0 }),
    weightDecay: weightDecay(0, "λ: takes η·λθ off the weights"),
    maximize,
  },
  paper: {
    cite: "Shazeer & Stern 2018, algorithms 4–6, as PyTorch has them",
    url: "https://arxiv.org/abs/1804.04235",
    equation:
      "R, C: averages of g² over columns, rows;  V = RC/mean(R);  u = g/√V;  θ −= max(ε₂, RMS θ) min(η, 1/√t) u/max(1, RMS(u)/d)",
  },
  elsewhere: { pytorch: "Adafactor", optax: "adafactor", keras: "Adafactor" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose:
    "large models on little memory: m + n numbers of state for an m×n matrix, steps relative to the weights",
  decoupled: () => true,
  make: ({ beta2Decay, eps: [eps1, eps2], d, weightDecay: decay, maximize: climb }) => {
    const direction = (g: Expr, v: Expr): Expr => {
      const e1 = eps1 ?? machineEpsilon(g);
      return limitRms(mul(g, rsqrt(max(v, e1 * e1))), d);
    };
    /** The step of this update's unit: max(ε₂, RMS θ)·min(η, 1/√t). */
    const scaled =
      ({ step, lr: rate }: Hyper) =>
      (u: Expr, p: Expr): Expr =>
        mul(mul(min(rate, rsqrt(step)), max(rootMeanSquare(p), eps2)), u);
    const beta2 = ({ step }: Hyper): Expr => sub(1, pow(step, beta2Decay));
    return chain(
      climb && ascend(),
      byRank(
        perTensor({
          name: "factored",
          slots: { row: zerosAlong(-1), col: zerosAlong(-2) },
          update: (hyper) => {
            const [beta, length] = [beta2(hyper), scaled(hyper)];
            return (g, slots, p) => {
              const row = ema(slots.row, axisMean(square(g), -1), beta);
              const col = ema(slots.col, axisMean(square(g), -2), beta);
              const v = mul(row, div(col, max(axisMean(row, -2), eps1 ?? machineEpsilon(g))));
              return [length(direction(g, v), p), { row, col }];
            };
          },
        }),
        perTensor({
          name: "full",
          slots: { v: zerosLike },
          update: (hyper) => {
            const [beta, length] = [beta2(hyper), scaled(hyper)];
            return (g, slots, p) => {
              const v = ema(slots.v, square(g), beta);
              return [length(direction(g, v), p), { v }];
            };
          },
        }),
      ),
      decay > 0 && decayByLr(decay),
      scaleBy(-1),
    );
  },
});
