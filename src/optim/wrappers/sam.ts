import { add, div, mul, sqrt, square, sum } from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { mapKeeping, total } from "../tensors.ts";
import type { State, Transform } from "../transform.ts";
import { passOn } from "./inner.ts";

/** Options of `sam`. Default: `rho` 0.05, not adaptive. */
export interface SamOptions {
  /** Radius of the neighbourhood whose worst point gives the gradient. */
  readonly rho?: number;
  /** Measure the neighbourhood in units of each weight (ASAM, Kwon et al. 2021). */
  readonly adaptive?: boolean;
}

/**
 * Feeds the inner optimizer the gradient at θ + e, e = ρg/‖g‖ (adaptive: ρθ²g/‖θg‖), instead of at θ (Foret et al.
 * 2021). Throws `hyper` when the host gives no `evaluate`. Costs a second gradient each step.
 */
export function sam(inner: Transform, { rho = 0.05, adaptive = false }: SamOptions = {}): Transform {
  if (!(rho > 0)) throw new SteepestError("option", `sam: rho is ${rho}`, { help: "give rho a number > 0" });
  return {
    ...passOn(inner),
    ...(inner.evaluationParams
      ? { evaluationParams: (params, state) => inner.evaluationParams!(params, state["inner"] as State) }
      : {}),
    name: "sam",
    init: (params) => ({ inner: inner.init(params) }),
    update: (grads, state, params, hyper) => {
      if (hyper.evaluate === undefined) {
        throw new SteepestError(
          "hyper",
          "sam needs gradients at other weights but got no function for them",
          {
            help: "pass hyper.evaluate: parameters → loss and gradients",
          },
        );
      }
      const squares = total(grads, (g, k) => sum(square(adaptive ? mul(params[k]!, g) : g)));
      const reach = div(rho, add(sqrt(squares), 1e-12));
      const worst = mapKeeping(params, (p, k) =>
        add(p, mul(reach, adaptive ? mul(square(p), grads[k]!) : grads[k]!)),
      );
      const [, sharp] = hyper.evaluate(worst);
      const [u, next] = inner.update(sharp, state["inner"] as State, params, hyper);
      return [u, { inner: next }];
    },
  };
}
