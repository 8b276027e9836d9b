/** Optimizers that keep matrices on the sphere they start on: their rate is an angle, and no weight decay is needed. */
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { betas, eps, lr } from "../options.ts";
import { stateless } from "../per-tensor.ts";
import { hyperball } from "../transforms/hyperball.ts";
import { muonMomentum } from "../transforms/muon-momentum.ts";
import { asMatrix, convergent, orthogonalize, repeated } from "../transforms/orthogonalize.ts";
import { scaleByAdam } from "../transforms/scale-by-adam.ts";
import { type AuxOptions, auxOptions, withAux } from "../wrappers/matrices.ts";
import { muonMomentumOptions, nsSteps } from "./muon.ts";

export interface AdamhOptions extends AuxOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
}

export interface MuonhOptions extends AuxOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly nsSteps: number;
}

const paper = {
  cite: "modded-nanogpt 2026, track 3, AdamH and MuonH",
  url: "https://github.com/KellerJordan/modded-nanogpt",
};

export const adamh: Optimizer<AdamhOptions> = defineOptimizer<AdamhOptions>({
  name: "adamh",
  options: {
    lr: lr(0.02, "length of a step as a share of the matrix's norm"),
    betas: betas([0.9, 0.95] as const, "β₁, β₂: memory of the mean and of the mean square of the gradient"),
    eps: eps(1e-8),
    ...auxOptions,
  },
  paper: {
    ...paper,
    equation: "u of adam, r = ‖θ‖;  y = θ − η r u/‖u‖;  θ = r y/‖y‖",
  },
  elsewhere: {},
  kind: "adaptive",
  batchRule: "square-root",
  corrected: { m: 0, v: 1 },
  torch: null,
  purpose: "adam for matrices whose norms stay: one rate for all widths of a layer, nothing to decay",
  unmodified: "it has a momentum and settings for other tensors of its own",
  make: (o) => withAux(o, chain(scaleByAdam(o), hyperball()), { name: "adamh" }),
});

export const muonh: Optimizer<MuonhOptions> = defineOptimizer<MuonhOptions>({
  name: "muonh",
  options: {
    lr: lr(0.02, "length of a step as a share of the matrix's norm"),
    ...muonMomentumOptions,
    nsSteps: nsSteps(12),
    ...auxOptions,
  },
  paper: {
    ...paper,
    equation: "O = UVᵀ of muon's momentum, r = ‖θ‖;  y = θ − η r O/‖O‖;  θ = r y/‖y‖",
  },
  elsewhere: {},
  kind: "matrix",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "muon for matrices whose norms stay: one rate for all widths of a layer, nothing to decay",
  unmodified: "it has a momentum and settings for other tensors of its own",
  make: (o) => {
    const coefficients = repeated(convergent, o.nsSteps);
    const orthogonal = stateless(
      "orthogonal",
      () => (m) => asMatrix(m, (x) => orthogonalize(x, { coefficients })),
    );
    return withAux(o, chain(muonMomentum(o), orthogonal, hyperball()), { name: "muonh" });
  },
});
