import {
  add,
  clamp,
  div,
  type Expr,
  eq,
  fullLike,
  mul,
  neg,
  pow,
  select,
  sqrt,
  square,
  sub,
  zerosLike,
} from "../../engine/graph/index.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { lr, number } from "../options.ts";
import { perTensor } from "../per-tensor.ts";

export interface FtrlOptions {
  readonly lr: number;
  readonly lrPower: number;
  readonly initialAccumulatorValue: number;
  readonly l1: number;
  readonly l2: number;
  readonly beta: number;
}

export const ftrl: Optimizer<FtrlOptions> = defineOptimizer<FtrlOptions>({
  name: "ftrl",
  options: {
    lr: lr(1e-3),
    lrPower: number(-0.5, "the rate falls as (Σg²)^lrPower", { max: 0 }),
    initialAccumulatorValue: number(0.1, "start of the sum of squares", { min: 0 }),
    l1: number(0, "λ₁: weights with little evidence stay exactly 0", { min: 0 }),
    l2: number(0, "λ₂: L2 penalty on the weights", { min: 0 }),
    beta: number(0, "adds β/2 over the rate to λ₂", { min: 0 }),
  },
  paper: {
    cite: "McMahan et al. 2013, algorithm 1 with Keras's options",
    url: "https://research.google/pubs/pub41159/",
    equation: "n' = n + g²;  z += ηg − (√n' − √n)θ;  θ = (clip(z, ±ηλ₁) − z)/(√n' + 2ηλ₂ + β);  n = n'",
  },
  elsewhere: { keras: "Ftrl" },
  kind: "adaptive",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "sparse linear models on streams of clicks: exact zeros by L1",
  unmodified: "its weights follow from sums, not from steps",
  make: ({ lrPower, initialAccumulatorValue, l1, l2, beta }) => {
    const root = (n: Expr): Expr => (lrPower === -0.5 ? sqrt(n) : pow(n, -lrPower));
    return perTensor({
      name: "ftrl",
      slots: { n: (p) => fullLike(p, initialAccumulatorValue), z: zerosLike },
      // everything times η, as TensorFlow's multiply_linear_by_lr: warm-ups start at a rate of 0
      update:
        ({ lr: rate }) =>
        (g, slots, p) => {
          const n = add(slots.n, square(g));
          const z = sub(add(slots.z, mul(rate, g)), mul(sub(root(n), root(slots.n)), p));
          const kept = mul(rate, l1);
          const denominator = add(root(n), add(mul(rate, 2 * l2), beta));
          const target = div(sub(clamp(z, neg(kept), kept), z), denominator);
          // a weight that has met no gradient yet stays
          return [select(eq(denominator, 0), zerosLike(p), sub(target, p)), { n, z }];
        },
    });
  },
});
