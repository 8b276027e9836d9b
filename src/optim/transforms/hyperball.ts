import { div, type Expr, max, mul, sub } from "../../engine/graph/index.ts";
import { stateless } from "../per-tensor.ts";
import { norm } from "../tensors.ts";
import type { Transform } from "../transform.ts";

/** Least norm that is divided by (the authors' number). */
const TINY = 1e-10;

/** The step of length η‖p‖ against `direction`, back on the sphere: the norm of p stays. Not changed where p is 0. */
export function onSphere(direction: Expr, p: Expr, lr: Expr): Expr {
  const radius = norm(p);
  const y = sub(p, mul(mul(lr, div(radius, max(norm(direction), TINY))), direction));
  return sub(mul(div(radius, max(norm(y), TINY)), y), p);
}

/** u → the update that goes η‖θ‖ against u and back to the sphere of θ: the last part of a chain, in place of the rate. */
export const hyperball = (): Transform =>
  stateless(
    "hyperball",
    ({ lr }) =>
      (u, p) =>
        onSphere(u, p, lr),
  );
