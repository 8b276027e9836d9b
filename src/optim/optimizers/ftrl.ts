import {
  add,
  clamp,
  div,
  type Expr,
  fullLike,
  mul,
  pow,
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
    equation: "n' = n + g²;  z += g − (√n' − √n)/η θ;  θ = (clip(z, ±λ₁) − z)/(√n'/η + 2λ₂ + β/η);  n = n'",
  },
  elsewhere: { keras: "Ftrl" },
  purpose: "sparse linear models on streams of clicks: exact zeros by L1",
  make: ({ lrPower, initialAccumulatorValue, l1, l2, beta }) => {
    const root = (n: Expr): Expr => (lrPower === -0.5 ? sqrt(n) : pow(n, -lrPower));
    return perTensor({
      name: "ftrl",
      slots: { n: (p) => fullLike(p, initialAccumulatorValue), z: zerosLike },
      update: ({ lr: rate }) => {
        const perRate = div(1, rate);
        const ridge = add(2 * l2, mul(beta, perRate));
        return (g, slots, p) => {
          const n = add(slots.n, square(g));
          const sigma = mul(perRate, sub(root(n), root(slots.n)));
          const z = sub(add(slots.z, g), mul(sigma, p));
          const target = div(sub(clamp(z, -l1, l1), z), add(mul(perRate, root(n)), ridge));
          return [sub(target, p), { n, z }];
        };
      },
    });
  },
});
