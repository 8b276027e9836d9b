/** What can be laid over an optimizer, as options that every row takes where they make sense. */
import { add, ge, mul, neg, select, zerosLike } from "../engine/graph/index.ts";
import { choice, flag, number, type OptionSpec, type OptionSpecs } from "../run/options.ts";
import { ema, mapKeeping, mapTensors, momentumOr } from "./tensors.ts";
import type { State, Tensors, Transform } from "./transform.ts";
import { cautious } from "./transforms/caution.ts";
import { decayNow } from "./transforms/decay.ts";
import { onSphere } from "./transforms/hyperball.ts";
import { passOn } from "./wrappers/inner.ts";

/**
 * What can be laid over an optimizer as further options of it: caution (Liang et al. 2024, arXiv
 * 2411.16085), cautious weight decay (arXiv 2510.12402), fixed norms of matrices, and Nesterov's momentum
 * before the optimizer. `modifierOptions` has ranges and defaults.
 */
export interface Modifiers {
  readonly caution: "none" | "mean" | "count";
  readonly cautiousWeightDecay: boolean;
  readonly hyperball: boolean;
  readonly emaNesterov: number;
}

/** Range, default and meaning of every modifier. */
export const modifierOptions: OptionSpecs<Modifiers> = {
  caution: choice(
    ["none", "mean", "count"],
    "none",
    "leave out entries whose step points against the gradient; the others grow by one over their share (mean: C-Optim's AdamW, timm) or by size/(count + 1) (count: C-Optim's Lion)",
  ),
  cautiousWeightDecay: flag("apply weightDecay as η·λθ, only to weights that the step shrinks too"),
  hyperball: flag("keep the norm of each matrix: lr is the length of a step as a share of it"),
  emaNesterov: number(
    0,
    "μ: feed the optimizer (1−μ)g + μB with B = μB + (1−μ)g, as Muon's momentum; 0: the gradient",
    {
      min: 0,
      below: 1,
    },
  ),
};

/** The modifiers a row takes: not those it has an option of its own for, nor a form of decay where it has none. */
export function modifiersFor(own: Readonly<Record<string, OptionSpec>>): Partial<OptionSpecs<Modifiers>> {
  return Object.fromEntries(
    Object.entries(modifierOptions).filter(
      ([key]) =>
        !Object.hasOwn(own, key) && (key !== "cautiousWeightDecay" || Object.hasOwn(own, "weightDecay")),
    ),
  );
}

/** Whether any is switched on. */
export const modifies = (m: Partial<Modifiers>): boolean =>
  (m.caution !== undefined && m.caution !== "none") ||
  m.cautiousWeightDecay === true ||
  m.hyperball === true ||
  (m.emaNesterov ?? 0) > 0;

export interface Modified extends Partial<Modifiers> {
  /** The decay that the row would apply apart from the gradient: not masked by caution. */
  readonly decay: number;
  readonly maximize: boolean;
}

/**
 * `inner`, which has been made without the decay named in `m`, under the modifiers that are on: momentum before it;
 * caution, the sphere and decay after it.
 */
export const modified = (inner: Transform, m: Modified): Transform => {
  const mu = m.emaNesterov ?? 0;
  return {
    ...passOn(inner),
    name: "modified",
    init: (params) => ({
      inner: inner.init(params),
      ...(mu > 0 && { buf: mapTensors(params, zerosLike) }),
    }),
    update: (grads, state, params, hyper) => {
      const beta = momentumOr(hyper.momentum, mu);
      const buf = mu > 0 ? mapKeeping(state["buf"] as Tensors, (b, k) => ema(b, grads[k]!, beta)) : undefined;
      const fed = buf ? mapKeeping(buf, (b, k) => ema(b, grads[k]!, beta)) : grads;
      const [steps, next] = inner.update(fed, state["inner"] as State, params, hyper);
      const lambda = mul(hyper.lr, decayNow(m.decay, hyper));
      const updates = mapKeeping(steps, (u, k) => {
        const [p, g] = [params[k]!, grads[k]!];
        const falls = m.maximize ? g : neg(g);
        const kept = m.caution === undefined || m.caution === "none" ? u : cautious(u, falls, m.caution);
        if (m.hyperball && p.shape.length >= 2) return onSphere(neg(kept), p, hyper.lr);
        if (m.decay === 0) return kept;
        const lost = mul(lambda, p);
        return add(kept, neg(m.cautiousWeightDecay ? select(ge(mul(neg(kept), p), 0), lost, 0) : lost));
      });
      return [updates, { inner: next, ...(buf && { buf }) }];
    },
  };
};
