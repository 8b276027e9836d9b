import { add, div, max, mul, pow, sub } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { lr, maximize, number, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import type { State, Tensors, Transform } from "../transform.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { ascend } from "../transforms/scale.ts";

export interface AsgdOptions {
  readonly lr: number;
  readonly lambd: number;
  readonly alpha: number;
  readonly t0: number;
  readonly weightDecay: number;
  readonly maximize: boolean;
}

const averagedSgd = ({ lambd, alpha, t0 }: AsgdOptions): Transform => ({
  ...perTensor({
    name: "asgd",
    slots: { average: (p) => p },
    update: ({ step, lr: rate }) => {
      const done = sub(step, 1);
      const eta = div(rate, pow(add(1, mul(mul(lambd, rate), done)), alpha));
      const mu = div(1, max(1, sub(done, t0)));
      const shrink = mul(lambd, eta);
      return (g, { average }, p) => {
        const u = sub(mul(-1, mul(shrink, p)), mul(eta, g));
        const next = add(p, u);
        return [u, { average: add(average, mul(mu, sub(next, average))) }];
      };
    },
  }),
  evaluationParams: (_: Tensors, state: State) => state["average"] as Tensors,
});

export const asgd: Optimizer<AsgdOptions> = defineOptimizer<AsgdOptions>({
  name: "asgd",
  options: {
    lr: lr(1e-2),
    lambd: number(1e-4, "λ: decay of weights and of the learning rate", { min: 0 }),
    alpha: number(0.75, "power of the learning rate's decay", {}),
    t0: number(1e6, "step from which the weights are averaged", { min: 0 }),
    weightDecay: weightDecay(0, "adds λθ to the gradient"),
    maximize,
  },
  paper: {
    cite: "Polyak & Juditsky 1992; the form of Bottou 2012",
    url: "https://doi.org/10.1137/0330046",
    equation: "ηₜ = η/(1 + λη(t−1))^α;  θ ← (1−ληₜ)θ − ηₜg;  average += (θ − average)/max(1, t−1−t₀)",
  },
  elsewhere: { pytorch: "ASGD" },
  kind: "gradient",
  batchRule: "linear",
  corrected: null,
  torch: null,
  purpose: "the average of the iterates of SGD: its noise shrinks without shrinking the step",
  make: (options) =>
    chain(
      options.maximize && ascend(),
      options.weightDecay > 0 && addDecayedWeights(options.weightDecay),
      averagedSgd(options),
    ),
});
