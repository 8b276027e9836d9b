import type { State, Transform } from "../transform.ts";

/** What a wrapper passes on of the transform it keeps under `inner`: the rate, what can be measured, what ends the run. */
export const passOn = (inner: Transform): Pick<Transform, "lr" | "measure" | "errorIfNonfinite"> => ({
  ...(inner.lr === undefined ? {} : { lr: inner.lr }),
  ...(inner.errorIfNonfinite === true ? { errorIfNonfinite: true } : {}),
  ...(inner.measure === undefined
    ? {}
    : {
        measure: (grads, state, params, hyper) =>
          inner.measure!(grads, state["inner"] as State, params, hyper),
      }),
});
