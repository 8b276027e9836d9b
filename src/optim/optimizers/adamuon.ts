import { add, div, mul, sign, sqrt, square, zerosLike } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { eps, lr, weightDecay } from "../options.ts";
import { perTensor } from "../per-tensor.ts";
import { ema, momentumOr, norm } from "../tensors.ts";
import type { Transform } from "../transform.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { muonMomentum } from "../transforms/muon-momentum.ts";
import { asMatrix, matrixShape, orthogonalize, quintic, repeated } from "../transforms/orthogonalize.ts";
import { scaleByLr } from "../transforms/scale.ts";
import { type AuxOptions, auxOptions, withAux } from "../wrappers/matrices.ts";
import { muonMomentumOptions, nsSteps } from "./muon.ts";

export interface AdamuonOptions extends AuxOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly nsSteps: number;
  readonly eps: number;
}

/** The orthogonal matrix of the momentum's signs, each entry over the root of its mean square, at AdamW's length. */
const evenEntries = (o: AdamuonOptions): Transform =>
  perTensor({
    name: "entries",
    slots: { v: zerosLike },
    update: ({ momentum }) => {
      const mu = momentumOr(momentum, o.momentum);
      return (m, slots, p) => {
        const [rows, cols] = matrixShape(p);
        const coefficients = repeated(quintic, o.nsSteps);
        const x = asMatrix(sign(m), (s) => orthogonalize(s, { coefficients }));
        const v = ema(slots.v, square(x), mu);
        const u = div(x, add(sqrt(v), o.eps));
        return [mul(div(0.2 * Math.sqrt(rows * cols), add(norm(u), o.eps)), u), { v }];
      };
    },
  });

export const adamuon: Optimizer<AdamuonOptions> = defineOptimizer<AdamuonOptions>({
  name: "adamuon",
  options: {
    lr: lr(1e-3, "learning rate: AdamW's can be used"),
    ...muonMomentumOptions,
    weightDecay: weightDecay(0.01, "λ: takes η·λθ off the weights"),
    nsSteps: nsSteps(5),
    eps: eps(1e-8),
    ...auxOptions,
  },
  paper: {
    cite: "Si, Zhang & Shen 2025",
    url: "https://arxiv.org/abs/2507.11005",
    equation:
      "O of muon, made from the signs of the momentum;  v = μv + (1−μ)O²;  U = O/(√v + ε);  θ ← (1−ηλ)θ − η 0.2 √(rows·cols) U/‖U‖",
  },
  elsewhere: {},
  kind: "matrix",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "muon with a step for every entry of its own, at AdamW's step lengths and rates",
  unmodified: "it has a momentum and settings for other tensors of its own",
  make: (o) =>
    withAux(
      o,
      chain(
        muonMomentum(o),
        evenEntries(o),
        o.weightDecay > 0 && addDecayedWeights(o.weightDecay),
        scaleByLr(),
      ),
      { name: "adamuon" },
    ),
});
