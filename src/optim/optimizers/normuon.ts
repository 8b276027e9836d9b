import { add, div, type Expr, mul, reshape, sqrt, square } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, lr, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { ema, norm } from "../tensors.ts";
import type { Transform } from "../transform.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { muonMomentum } from "../transforms/muon-momentum.ts";
import { matrixShape, orthogonalize, quintic, repeated } from "../transforms/orthogonalize.ts";
import { scaleByLr } from "../transforms/scale.ts";
import { type AuxOptions, auxOptions, withAux } from "../wrappers/matrices.ts";
import { axisMean, rowZeros } from "./adafactor.ts";
import { muonMomentumOptions, nsSteps, tallFactor } from "./muon.ts";

export interface NormuonOptions extends AuxOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly beta2: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly nsSteps: number;
}

/** Keeps the norm of the rows' new lengths from zero (the authors' number). */
const TINY = 1e-10;

/** The orthogonal matrix with rows of even length over time: each is divided by the root of its mean square. */
const evenRows = ({ beta2, nsSteps: steps }: NormuonOptions): Transform =>
  perTensor({
    name: "rows",
    slots: { v: rowZeros },
    update: () => (m, slots, p) => {
      const [rows, cols] = matrixShape(p);
      const o = orthogonalize(reshape(m, [rows, cols]), { coefficients: repeated(quintic, steps) });
      const v = ema(slots.v, axisMean(square(o), -1), beta2);
      const even = div(o, add(sqrt(v), TINY));
      const kept: Expr = div(norm(o), add(norm(even), TINY));
      return [reshape(mul(mul(tallFactor(rows, cols), kept), even), p.shape), { v }];
    },
  });

export const normuon: Optimizer<NormuonOptions> = defineOptimizer<NormuonOptions>({
  name: "normuon",
  options: {
    lr: lr(0.02),
    ...muonMomentumOptions,
    beta2: beta(0.95, "β₂: memory of the rows' mean square"),
    weightDecay: weightDecay(0, "λ: takes η·λθ off the weights"),
    nsSteps: nsSteps(5),
    ...auxOptions,
  },
  paper: {
    cite: "Li et al. 2025",
    url: "https://arxiv.org/abs/2510.05491",
    equation:
      "O of muon;  s = β₂s + (1−β₂) mean over columns of O²;  O ← O/√s · ‖O‖/‖O/√s‖;  θ ← (1−ηλ)θ − η √max(1, rows/cols) O",
  },
  elsewhere: {},
  kind: "matrix",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "muon whose neurons all move alike: no row of a matrix dominates the step",
  unmodified: "it has a momentum and settings for other tensors of its own",
  make: (o) =>
    withAux(
      o,
      chain(muonMomentum(o), evenRows(o), o.weightDecay > 0 && addDecayedWeights(o.weightDecay), scaleByLr()),
      { name: "normuon" },
    ),
});
