import type { Expr } from "../../engine/graph/index.ts";
import { mapKeeping } from "../tensors.ts";
import type { State, Transform } from "../transform.ts";
import { passOn } from "./inner.ts";

/** f of each update, of the gradient it was made from, and of the parameter. */
export const overGradients = (
  inner: Transform,
  f: (u: Expr, g: Expr, p: Expr) => Expr,
  name: string = "over",
): Transform => ({
  ...passOn(inner),
  name,
  init: (params) => ({ inner: inner.init(params) }),
  update: (grads, state, params, hyper) => {
    const [updates, next] = inner.update(grads, state["inner"] as State, params, hyper);
    return [mapKeeping(updates, (u, k) => f(u, grads[k]!, params[k]!)), { inner: next }];
  },
});
