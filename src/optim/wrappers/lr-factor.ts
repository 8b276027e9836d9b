import { mul } from "../../engine/graph/index.ts";
import type { Hyper, Transform } from "../transform.ts";

/** `inner` at `factor` times the learning rate. */
export function withLrFactor(inner: Transform, factor: number): Transform {
  const scaled = (hyper: Hyper): Hyper => ({ ...hyper, lr: mul(hyper.lr, factor) });
  return {
    ...inner,
    update: (grads, state, params, hyper) => inner.update(grads, state, params, scaled(hyper)),
    ...(inner.measure
      ? { measure: (grads, state, params, hyper) => inner.measure!(grads, state, params, scaled(hyper)) }
      : {}),
  };
}
