import {
  abs,
  add,
  and,
  cast,
  div,
  type Expr,
  eq,
  gt,
  le,
  max,
  min,
  mul,
  neg,
  not,
  select,
  sub,
  sum,
  zerosLike,
} from "../../engine/graph/index.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { lr, number } from "../options.ts";
import { selectState } from "../state.ts";
import { globalDot, mapKeeping, mapTensors, maxAbs, scalar, total } from "../tensors.ts";
import type { State, Tensors, Transform } from "../transform.ts";

export interface LbfgsOptions {
  readonly lr: number;
  readonly historySize: number;
  readonly toleranceGrad: number;
  readonly toleranceChange: number;
}

/** One remembered pair: s the step, y the change of the gradient, rho = 1/⟨y, s⟩; 0 marks an empty place. */
interface Pair {
  readonly s: Tensors;
  readonly y: Tensors;
  readonly rho: Expr;
}

const choose = (condition: Expr, a: Tensors, b: Tensors): Tensors =>
  mapTensors(a, (x, name) => select(condition, x, b[name]!));

/** −H·g by the two loops (Nocedal 1980), the newest pair first; γ scales the first guess of H. */
function twoLoops(g: Tensors, pairs: readonly Pair[], gamma: Expr): Tensors {
  let q = mapTensors(g, (x) => neg(x));
  const alphas = pairs.map(({ s, y, rho }) => {
    const alpha = mul(rho, globalDot(s, q));
    q = mapKeeping(q, (x, name) => sub(x, mul(alpha, y[name]!)));
    return alpha;
  });
  let d = mapKeeping(q, (x) => mul(gamma, x));
  [...pairs].reverse().forEach(({ s, y, rho }, i) => {
    const gain = sub(alphas[pairs.length - 1 - i]!, mul(rho, globalDot(y, d)));
    d = mapKeeping(d, (x, name) => add(x, mul(gain, s[name]!)));
  });
  return d;
}

/** PyTorch's L-BFGS with max_iter = 1 and no line search, as one step of a program. */
const scaleByLbfgs = ({ historySize, toleranceGrad, toleranceChange }: LbfgsOptions): Transform => {
  const places = Array.from({ length: historySize }, (_, i) => String(i));
  return {
    name: "lbfgs",
    init: (params) => {
      const zero = mapTensors(params, zerosLike);
      const empty: State = { s: zero, y: zero, rho: scalar(0) };
      return {
        gamma: scalar(1),
        count: scalar(0),
        grad: zero,
        step: zero,
        pairs: Object.fromEntries(places.map((i) => [i, empty])),
      };
    },
    update: (grads, state, _, hyper) => {
      const last = places.map((i) => (state["pairs"] as State)[i] as unknown as Pair);
      const count = state["count"] as Expr;
      const first = eq(count, 0);
      const s = state["step"] as Tensors;
      const y = mapTensors(grads, (g, name) => sub(g, (state["grad"] as Tensors)[name]!));
      const ys = globalDot(y, s);
      // a pair of negative curvature would spoil H
      const take = and(not(first), gt(ys, 1e-10));
      const fresh: Pair = { s, y, rho: div(1, select(take, ys, 1)) };
      const pairs = last.map((old, i): Pair => {
        const newer = i === 0 ? fresh : last[i - 1]!;
        return {
          s: choose(take, newer.s, old.s),
          y: choose(take, newer.y, old.y),
          rho: select(take, newer.rho, old.rho),
        };
      });
      const gamma = select(take, div(ys, select(take, globalDot(y, y), 1)), state["gamma"] as Expr);
      const d = twoLoops(grads, pairs, gamma);
      const l1 = total(grads, (g) => sum(abs(g)));
      const length = select(first, mul(min(1, div(1, l1)), hyper.lr), hyper.lr);
      const steepest = Object.values(grads).reduce((m, g) => max(m, cast(maxAbs(g), "float64")), scalar(0));
      const converged = le(steepest, toleranceGrad);
      const flat = gt(globalDot(grads, d), -toleranceChange);
      const moves = and(not(converged), not(flat));
      // a converged call leaves everything; a flat direction is remembered but not taken, and s stays t·d
      const step = mapKeeping(d, (x) => mul(length, x));
      const next: State = {
        gamma,
        count: add(count, 1),
        grad: grads,
        step,
        pairs: Object.fromEntries(pairs.map((p, i) => [places[i]!, p as unknown as State])),
      };
      return [mapTensors(step, (x) => select(moves, x, zerosLike(x))), selectState(converged, state, next)];
    },
  };
};

export const lbfgs: Optimizer<LbfgsOptions> = defineOptimizer<LbfgsOptions>({
  name: "lbfgs",
  options: {
    lr: lr(1, "step length along the quasi-Newton direction"),
    historySize: number(10, "remembered pairs (PyTorch: 100); each costs two copies of the weights", {
      min: 1,
      max: 100,
      integer: true,
    }),
    toleranceGrad: number(1e-7, "stop moving when no entry of the gradient is larger", { min: 0 }),
    toleranceChange: number(1e-9, "stop moving when the slope along the direction is flatter", { min: 0 }),
  },
  paper: {
    cite: "Nocedal 1980; Liu & Nocedal 1989",
    url: "https://doi.org/10.1007/BF01589116",
    equation: "d = −H∇f by two loops over the last m pairs (s, y);  θ += η d;  first step η·min(1, 1/‖g‖₁)",
  },
  elsewhere: { pytorch: "LBFGS(max_iter=1)", optax: "lbfgs" },
  kind: "gradient",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose:
    "smooth full-batch problems of moderate size; one step a call, without a line search: `minimize` adds strong Wolfe",
  unmodified: "its step comes from a line and past steps",
  make: scaleByLbfgs,
});
