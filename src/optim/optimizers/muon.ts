import {
  add,
  div,
  type Expr,
  matmul,
  max,
  mul,
  reshape,
  sizeOf,
  transpose,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { beta, choice, eps, flag, lr, number, weightDecay } from "../options.ts";
import { perTensor, stateless } from "../per-tensor.ts";
import { ema, momentumOr, norm } from "../tensors.ts";
import type { Transform } from "../transform.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";
import { partition } from "../wrappers/partition.ts";
import { adamw } from "./adam.ts";

export interface MuonOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly nsCoefficients: readonly [number, number, number];
  readonly nsSteps: number;
  readonly eps: number;
  readonly adjustLrFn: "original" | "match_rms_adamw";
}

/**
 * Nearly the closest matrix with orthonormal rows or columns: x ← ax + (b·xxᵀ + c·(xxᵀ)²)x, a few times. Rows are the
 * short side. In the tensor's dtype; PyTorch rounds to bfloat16 here.
 */
function orthogonalize(m: Expr, [a, b, c]: readonly number[], steps: number, e: number): Expr {
  const tall = m.shape[0]! > m.shape[1]!;
  let x = div(tall ? transpose(m) : m, max(norm(m), e));
  for (let i = 0; i < steps; i++) {
    const gram = matmul(x, x, { transposeB: true });
    x = add(mul(a!, x), matmul(add(mul(b!, gram), mul(c!, matmul(gram, gram))), x));
  }
  return tall ? transpose(x) : x;
}

const scaleByMuon = (o: MuonOptions): Transform =>
  chain(
    perTensor({
      name: "muon",
      slots: { buf: zerosLike },
      update: (hyper) => {
        const mu = momentumOr(hyper.momentum, o.momentum);
        return (g, slots) => {
          const buf = ema(slots.buf, g, mu);
          return [o.nesterov ? ema(buf, g, mu) : buf, { buf }];
        };
      },
    }),
    stateless("orthogonal", () => (m, p) => {
      const rows = p.shape[0]!;
      const cols = sizeOf(p.shape.slice(1));
      const ratio =
        o.adjustLrFn === "original"
          ? Math.sqrt(Math.max(1, rows / cols))
          : 0.2 * Math.sqrt(Math.max(rows, cols));
      const flat = reshape(m, [rows, cols]);
      return mul(ratio, reshape(orthogonalize(flat, o.nsCoefficients, o.nsSteps, o.eps), p.shape));
    }),
  );

export const muon: Optimizer<MuonOptions> = defineOptimizer<MuonOptions>({
  name: "muon",
  options: {
    lr: lr(1e-3),
    momentum: beta(0.95, "μ: memory of the averaged gradient"),
    weightDecay: weightDecay(0.1, "λ: takes η·λθ off the weights"),
    nesterov: flag("look ahead along the average", true),
    nsCoefficients: {
      type: "numbers",
      length: 3,
      default: [3.4445, -4.775, 2.0315],
      description: "a, b, c of the Newton–Schulz polynomial",
    },
    nsSteps: number(5, "Newton–Schulz iterations", { min: 1, max: 99, integer: true }),
    eps: eps(1e-7, "least norm a gradient is divided by"),
    adjustLrFn: choice(
      ["original", "match_rms_adamw"],
      "original",
      "factor on the step: √max(1, rows/cols), or 0.2·√max(rows, cols), which lets AdamW's rates be used",
    ),
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
    "hidden weight matrices of transformers; scalars and vectors go to AdamW with the same rate and decay",
  make: (o) => {
    const matrices = chain(
      scaleByMuon(o),
      o.weightDecay > 0 && addDecayedWeights(o.weightDecay),
      scaleByLr(),
    );
    const others = adamw({ lr: o.lr, weightDecay: o.weightDecay });
    return partition({ muon: matrices, adamw: others }, (_, p) => (p.shape.length >= 2 ? "muon" : "adamw"));
  },
});
