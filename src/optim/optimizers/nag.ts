import { add, mul, sub, zerosLike } from "../../engine/graph/index.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, lr } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { mapKeeping } from "../tensors.ts";
import type { State, Tensors, Transform } from "../transform.ts";

export interface NagOptions {
  readonly lr: number;
  readonly momentum: number;
}

/** Trains the point looked ahead to, φ = θ + μv, where the gradient is taken; θ = φ − μv. */
const lookingAhead = ({ momentum: mu }: NagOptions): Transform => ({
  ...perTensor({
    name: "nag",
    slots: { v: zerosLike },
    update:
      ({ lr: rate }) =>
      (g, slots) => {
        const v = sub(mul(mu, slots.v), mul(rate, g));
        // φ' − φ = (θ + v') + μv' − (θ + μv)
        return [sub(add(v, mul(mu, v)), mul(mu, slots.v)), { v }];
      },
  }),
  evaluationParams: (params: Tensors, state: State) =>
    mapKeeping(params, (phi, name) => sub(phi, mul(mu, (state["v"] as Tensors)[name]!))),
});

export const nag: Optimizer<NagOptions> = defineOptimizer<NagOptions>({
  name: "nag",
  options: { lr: lr(1e-2), momentum: beta(0.9, "μ: share of the velocity kept") },
  paper: {
    cite: "Sutskever et al. 2013, equations 3–4",
    url: "https://proceedings.mlr.press/v28/sutskever13.html",
    equation: "v = μv − η∇f(θ + μv);  θ += v",
  },
  elsewhere: { keras: "SGD(nesterov=True), at the looked-ahead point" },
  kind: "momentum",
  batchRule: "linear",
  corrected: null,
  torch: null,
  purpose: "Nesterov momentum with the weights of the paper; sgd with nesterov trains the same points",
  stabilityLimit: {
    rule: "(2+2μ)/(1+2μ)/L",
    limit: ({ momentum: mu }, sharpness) => (2 + 2 * mu) / (1 + 2 * mu) / sharpness,
  },
  unmodified: "its weights are between two points",
  make: lookingAhead,
});
