import { mul } from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, betas, choice, eps, flag, lr, number, type OptionSpecs, weightDecay } from "../options.ts";
import { stateless } from "../per-tensor.ts";
import type { Transform } from "../transform.ts";
import { whereAgreed } from "../transforms/caution.ts";
import { addCautiousDecay, addDecayedWeights } from "../transforms/decay.ts";
import { muonMomentum } from "../transforms/muon-momentum.ts";
import { asMatrix, matrixShape, orthogonalize, quintic, repeated } from "../transforms/orthogonalize.ts";
import { scaleByLr } from "../transforms/scale.ts";
import { type AuxOptions, auxOptions, withAux } from "../wrappers/matrices.ts";
import { overGradients } from "../wrappers/over-gradients.ts";

export interface MuonOptions extends AuxOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly cautiousWeightDecay: boolean;
  readonly caution: boolean;
  readonly nesterov: boolean;
  readonly heavyBall: boolean;
  readonly nsCoefficients: readonly [number, number, number];
  readonly nsSteps: number;
  readonly eps: number;
  readonly epsForm: "max" | "add";
  readonly adjustLrFn: "original" | "match_rms_adamw";
}

/** Momentum as the Muon family has it. */
export const muonMomentumOptions: OptionSpecs<{ readonly momentum: number; readonly nesterov: boolean }> = {
  momentum: beta(0.95, "μ: memory of the averaged gradient"),
  nesterov: flag("look ahead along the average", true),
};

export const nsSteps = (value: number): ReturnType<typeof number> =>
  number(value, "Newton–Schulz iterations", { min: 1, max: 99, integer: true });

/** √max(1, rows/cols): longer steps for tensors that map to more outputs than they have inputs. */
export const tallFactor = (rows: number, cols: number): number => Math.sqrt(Math.max(1, rows / cols));

const orthogonal = (o: MuonOptions): Transform =>
  stateless("orthogonal", () => (m, p) => {
    const [rows, cols] = matrixShape(p);
    const ratio =
      o.adjustLrFn === "original" ? tallFactor(rows, cols) : 0.2 * Math.sqrt(Math.max(rows, cols));
    const coefficients = repeated(o.nsCoefficients, o.nsSteps);
    const { eps: e, epsForm } = o;
    return mul(
      ratio,
      asMatrix(m, (x) => orthogonalize(x, { coefficients, eps: e, epsForm })),
    );
  });

export const muon: Optimizer<MuonOptions> = defineOptimizer<MuonOptions>({
  name: "muon",
  options: {
    lr: lr(1e-3),
    ...muonMomentumOptions,
    heavyBall: flag("μB + g as momentum instead of the average: the same direction (Moonshot)"),
    weightDecay: weightDecay(0.1, "λ: takes η·λθ off the weights"),
    cautiousWeightDecay: flag("decay a matrix's entry only where the step shrinks it too"),
    caution: flag(
      "leave out entries that point against the gradient before they are made orthogonal (C-Optim)",
    ),
    nsCoefficients: {
      type: "numbers",
      length: 3,
      default: quintic,
      description: "a, b, c of the Newton–Schulz polynomial",
    },
    nsSteps: nsSteps(5),
    eps: eps(1e-7, "keeps the norm that a gradient is divided by from zero"),
    epsForm: choice(
      ["max", "add"],
      "max",
      "bound the norm by eps (PyTorch), or add eps to it (Jordan, Moonshot)",
    ),
    adjustLrFn: choice(
      ["original", "match_rms_adamw"],
      "original",
      "factor on the step: √max(1, rows/cols), or 0.2·√max(rows, cols), which lets AdamW's rates be used",
    ),
    ...auxOptions,
    auxBetas: betas([0.9, 0.999] as const, "β₁, β₂ of the AdamW of the other tensors"),
    auxEps: eps(1e-8, "keeps their AdamW's denominator from zero"),
  },
  paper: {
    cite: "Jordan et al. 2024; Liu et al. 2025",
    url: "https://arxiv.org/abs/2502.16982",
    equation: "B = μB + (1−μ)g;  O ≈ UVᵀ of (1−μ)g + μB by Newton–Schulz;  θ ← (1−ηλ)θ − η·ratio·O",
  },
  elsewhere: { pytorch: "Muon", optax: "contrib.muon", keras: "Muon" },
  kind: "matrix",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose:
    "hidden weight matrices of transformers; vectors, embeddings and heads go to AdamW, with settings of their own (aux…)",
  unmodified: "it has a momentum and settings for other tensors of its own",
  make: (o) => {
    const decay = o.cautiousWeightDecay ? addCautiousDecay : addDecayedWeights;
    const matrices = chain(
      muonMomentum(o),
      orthogonal(o),
      o.weightDecay > 0 && decay(o.weightDecay),
      scaleByLr(),
    );
    return withAux(o, matrices, {
      name: "muon",
      ...(o.caution && { direction: (adam) => overGradients(adam, (u, g) => whereAgreed(u, u, g)) }),
    });
  },
});
