import {
  add,
  div,
  type Expr,
  eq,
  max,
  min,
  mul,
  pow,
  rsqrt,
  select,
  sqrt,
  square,
  sub,
  zerosLike,
} from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, eps, lr, number, type OptionSpecs, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { biasCorrection, ema, mapKeeping } from "../tensors.ts";
import type { Hyper, State, Tensors, Transform } from "../transform.ts";
import { decayNow } from "../transforms/decay.ts";

export interface ScheduleFreeSgdOptions {
  readonly lr: number;
  readonly beta: number;
  readonly weightDecay: number;
  readonly warmupSteps: number;
  readonly r: number;
  readonly weightLrPower: number;
}

export interface ScheduleFreeAdamWOptions extends ScheduleFreeSgdOptions {
  readonly beta2: number;
  readonly eps: number;
}

/** η of this step: linear warm-up, then constant. */
const warm = ({ lr: rate, step }: Hyper, warmupSteps: number): Expr =>
  warmupSteps === 0 ? rate : mul(rate, min(1, div(step, warmupSteps)));

/** Trained are y = βx + (1−β)z; kept is z. One step from y, z along d (and the decay that goes with it). */
const averaging = (o: ScheduleFreeSgdOptions) => ({
  scalars: {
    lrMax: {
      start: 0,
      next: (hyper: Hyper, last: { lrMax: Expr }) => max(last.lrMax, warm(hyper, o.warmupSteps)),
    },
    weightSum: {
      start: 0,
      next: (hyper: Hyper, last: { lrMax: Expr; weightSum: Expr }) =>
        add(last.weightSum, weightOf(o, hyper, max(last.lrMax, warm(hyper, o.warmupSteps)))),
    },
  },
  /** c = w/Σw, the share of the new z in the average x. */
  share: (hyper: Hyper, { lrMax, weightSum }: { lrMax: Expr; weightSum: Expr }): Expr =>
    select(eq(weightSum, 0), 0, div(weightOf(o, hyper, lrMax), weightSum)),
  move: (y: Expr, z: Expr, d: Expr, rate: Expr, c: Expr): readonly [Expr, Expr] => {
    const next = sub(z, mul(rate, d));
    // y' = (1−c)y + cz − η(1 − β(1−c))d, x eliminated
    const u = sub(mul(c, sub(z, y)), mul(mul(rate, sub(1, mul(o.beta, sub(1, c)))), d));
    return [u, next];
  },
  /** x = (y − (1−β)z)/β */
  evaluationParams: (params: Tensors, state: State): Tensors =>
    mapKeeping(params, (y, name) => add(y, mul(1 / o.beta - 1, sub(y, (state["z"] as Tensors)[name]!)))),
});

/** w = tʳ·(largest η so far)^power */
const weightOf = (o: ScheduleFreeSgdOptions, { step }: Hyper, lrMax: Expr): Expr =>
  mul(pow(step, o.r), pow(lrMax, o.weightLrPower));

const options: OptionSpecs<ScheduleFreeSgdOptions> = {
  lr: lr(1),
  beta: beta(0.9, "β: gradients are taken at βx + (1−β)z"),
  weightDecay: weightDecay(0, "λ: decay at y"),
  warmupSteps: number(0, "steps of linear warm-up; it belongs here, not in a schedule", {
    min: 0,
    integer: true,
  }),
  r: number(0, "power of the step in the averaging weights", { min: 0 }),
  weightLrPower: number(2, "power of the largest rate so far in the averaging weights", { min: 0 }),
};

const paper = { cite: "Defazio et al. 2024, algorithm 1", url: "https://arxiv.org/abs/2405.15682" };

function requirePositive(name: string, b: number): void {
  if (b === 0) {
    throw new SteepestError("option", `${name}: beta is 0`, { help: "give beta a number in (0, 1)" });
  }
}

export const scheduleFreeSgd: Optimizer<ScheduleFreeSgdOptions> = defineOptimizer<ScheduleFreeSgdOptions>({
  name: "schedule-free-sgd",
  options,
  paper: {
    ...paper,
    equation: "y = βx + (1−β)z;  z −= η (∇f(y) + λy);  x = (1−c)x + cz, c = wₜ/Σw, wₜ = tʳ η²",
  },
  elsewhere: { optax: "contrib.schedule_free_sgd" },
  kind: "momentum",
  batchRule: "linear",
  corrected: null,
  torch: null,
  purpose: "as good as a decaying schedule without knowing when training ends; evaluate the average x",
  unmodified: "its weights are between two points",
  make: (o): Transform => {
    requirePositive("schedule-free-sgd", o.beta);
    const { scalars, share, move, evaluationParams } = averaging(o);
    return {
      ...perTensor({
        name: "schedule-free",
        slots: { z: (p) => p },
        scalars,
        update: (hyper, shared) => {
          const [rate, c] = [warm(hyper, o.warmupSteps), share(hyper, shared)];
          const lambda = decayNow(o.weightDecay, hyper);
          return (g, { z }, y) => {
            const d = o.weightDecay === 0 ? g : add(g, mul(lambda, y));
            const [u, next] = move(y, z, d, rate, c);
            return [u, { z: next }];
          };
        },
      }),
      evaluationParams,
    };
  },
});

export const scheduleFreeAdamw: Optimizer<ScheduleFreeAdamWOptions> =
  defineOptimizer<ScheduleFreeAdamWOptions>({
    name: "schedule-free-adamw",
    options: {
      ...options,
      lr: lr(2.5e-3),
      beta2: beta(0.999, "β₂: memory of the mean square"),
      eps: eps(1e-8),
    },
    paper: {
      ...paper,
      equation: "d = ∇f(y)/(√(v/(1−β₂ᵗ)) + ε) + λy;  z −= ηd;  x = (1−c)x + cz;  y = βx + (1−β)z",
    },
    elsewhere: {
      optax: "contrib.schedule_free_adamw",
      keras: "ScheduleFreeAdamW",
      hf: "schedule_free_adamw",
    },
    kind: "adaptive",
    batchRule: "square-root",
    corrected: null,
    torch: null,
    purpose: "AdamW without a schedule and without knowing the number of steps; evaluate the average x",
    unmodified: "its weights are between two points",
    make: (o): Transform => {
      requirePositive("schedule-free-adamw", o.beta);
      const { scalars, share, move, evaluationParams } = averaging(o);
      return {
        ...perTensor({
          name: "schedule-free",
          slots: { z: (p) => p, v: zerosLike },
          scalars,
          update: (hyper, shared) => {
            const [rate, c] = [warm(hyper, o.warmupSteps), share(hyper, shared)];
            const lambda = decayNow(o.weightDecay, hyper);
            const scaleRootV = rsqrt(biasCorrection(o.beta2, hyper.step));
            return (g, slots, y) => {
              const v = ema(slots.v, square(g), o.beta2);
              const scaled = div(g, add(mul(scaleRootV, sqrt(v)), o.eps));
              const d = o.weightDecay === 0 ? scaled : add(scaled, mul(lambda, y));
              const [u, z] = move(y, slots.z, d, rate, c);
              return [u, { z, v }];
            };
          },
        }),
        evaluationParams,
      };
    },
  });
