import type { State, Transform } from "../transform.ts";

/** What a wrapper passes on of the transform it keeps under `inner`: the rate, and what can be measured. */
export const passOn = (inner: Transform): Pick<Transform, "lr" | "measure"> => ({
  ...(inner.lr === undefined ? {} : { lr: inner.lr }),
  ...(inner.measure === undefined
    ? {}
    : {
        measure: (grads, state, params, hyper) =>
          inner.measure!(grads, state["inner"] as State, params, hyper),
      }),
});
