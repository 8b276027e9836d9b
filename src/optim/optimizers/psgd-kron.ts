import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, choice, flag, lr, maybeNumber, number, weightDecay } from "../options.ts";
import { decayMatrices } from "../transforms/decay.ts";
import { type PsgdOptions, scaleByKron } from "../transforms/psgd-kron.ts";
import { scaleByLr } from "../transforms/scale.ts";

export interface PsgdKronOptions extends PsgdOptions {
  readonly lr: number;
  readonly weightDecay: number;
}

export const psgdKron: Optimizer<PsgdKronOptions> = defineOptimizer<PsgdKronOptions>({
  name: "psgd-kron",
  options: {
    lr: lr(1e-3),
    b1: beta(0.9, "β₁: memory of the averaged gradient"),
    weightDecay: weightDecay(0, "λ: takes η·λθ off matrices"),
    preconditionerUpdateProbability: maybeNumber(
      "share of steps that fit the factors; null: all of the first 500, then falling to 0.03",
      { above: 0, max: 1 },
    ),
    maxSizeTriangular: number(8192, "axes longer than this get a diagonal factor", { min: 0, integer: true }),
    minNdimTriangular: number(2, "tensors with fewer axes get diagonal factors", { min: 0, integer: true }),
    memorySaveMode: choice(
      ["none", "one_diag", "smart_one_diag", "all_diag"],
      "none",
      "diagonal factors for the longest axis (smart: if it is longer than the next), or for all",
    ),
    momentumIntoPrecondUpdate: flag("fit to the averaged gradient instead of the gradient", true),
    precondLr: number(0.1, "rate of the fit", { above: 0 }),
    precondInitScale: number(1, "what the factors start with", { above: 0 }),
  },
  paper: {
    cite: "Li 2018; Pooladzandi & Li 2024",
    url: "https://arxiv.org/abs/2402.04553",
    equation:
      "Q −= μ triu(AAᵀ − BBᵀ) Q/‖AAᵀ + BBᵀ‖ for each axis, A = Qh, B = Q⁻ᵀv with a random v;  θ −= η (min(1, 1.1/rms(u)) u + λθ), u = QᵀQh",
  },
  elsewhere: {},
  kind: "matrix",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose:
    "matrices whose curvature is hard to see in their gradients' squares: the factors are fitted, not averaged",
  needs: ["key"],
  decoupled: () => true,
  make: (o) => chain(scaleByKron(o), o.weightDecay > 0 && decayMatrices(o.weightDecay), scaleByLr()),
});
