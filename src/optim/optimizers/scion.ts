import {
  add,
  div,
  type Expr,
  mul,
  sign,
  sqrt,
  square,
  sum,
  transpose,
  zerosLike,
} from "../../engine/graph/index.ts";
import { chain } from "../chain.ts";
import { defineOptimizer, type Optimizer } from "../define.ts";
import { choice, flag, lr, maybeNumber, number } from "../options.ts";
import { perTensor, stateless } from "../per-tensor.ts";
import { momentumOr, oneMinus, rootMeanSquare } from "../tensors.ts";
import { asMatrix, matrixShape, orthogonalize, quintic, repeated } from "../transforms/orthogonalize.ts";
import { scaleByLr } from "../transforms/scale.ts";
import { nsSteps } from "./muon.ts";

export interface ScionOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly norm: "spectral" | "sign" | "columns" | "rows";
  readonly normalized: boolean;
  readonly atLeastOne: boolean;
  readonly transposed: boolean;
  readonly scale: number;
  readonly vectorScale: number | null;
  readonly constrained: boolean;
  readonly nsSteps: number;
}

/** Keeps norms of columns, rows and vectors from zero (the authors' number). */
const TINY = 1e-8;

const axisNorm = (x: Expr, axis: 0 | 1, divisor: number): Expr =>
  sqrt(div(sum(square(x), { axes: [axis], keepDims: true }), Math.max(1, divisor)));

/** The point of the norm's unit ball furthest along m, [rows, columns]; `normalized` makes the balls fit layers of any width. */
const furthest: Readonly<Record<ScionOptions["norm"], (m: Expr, o: ScionOptions) => Expr>> = {
  spectral: (m, o) => {
    const [rows, cols] = matrixShape(m);
    const factor = Math.sqrt(o.normalized ? rows / Math.max(1, cols) : rows);
    const unit = orthogonalize(m, { coefficients: repeated(quintic, o.nsSteps) });
    return mul(o.atLeastOne ? Math.max(1, factor) : factor, unit);
  },
  sign: (m, o) => (o.normalized ? div(sign(m), Math.max(1, m.shape[1]!)) : sign(m)),
  columns: (m, o) => {
    const [rows, cols] = matrixShape(m);
    const length = axisNorm(m, 0, rows);
    return div(m, add(o.normalized ? mul(cols, length) : length, TINY));
  },
  rows: (m, o) => {
    const length = axisNorm(m, 1, 1);
    return div(m, add(o.normalized ? mul(Math.sqrt(m.shape[1]!), length) : length, TINY));
  },
};

export const scion: Optimizer<ScionOptions> = defineOptimizer<ScionOptions>({
  name: "scion",
  options: {
    lr: lr(1e-3, "learning rate: in units of the norm's ball"),
    momentum: number(0.9, "μ: memory of the averaged gradient (the authors' momentum is 1 − μ)", {
      min: 0,
      below: 1,
    }),
    norm: choice(["spectral", "sign", "columns", "rows"], "spectral", "norm whose ball a matrix steps in"),
    normalized: flag("divide by the number of inputs, so that one rate fits all widths", true),
    atLeastOne: flag("spectral: never shorten the step"),
    transposed: flag("treat a matrix as the transposed one"),
    scale: number(1, "radius of the ball of matrices", { above: 0 }),
    vectorScale: maybeNumber("radius of the ball of vectors; null: scale", { above: 0 }),
    constrained: flag("keep the weights in the ball: they shrink by 1 − η each step", true),
    nsSteps: nsSteps(5),
  },
  paper: {
    cite: "Pethick et al. 2025, algorithms 1 and 2",
    url: "https://arxiv.org/abs/2502.07529",
    equation: "B = μB + (1−μ)g;  θ ← (1−η)θ − η·scale·D(B);  D: √(m/n)·UVᵀ, sign/n …; vectors: B/RMS(B)",
  },
  elsewhere: {},
  kind: "matrix",
  batchRule: "square-root",
  corrected: null,
  torch: null,
  purpose: "steps of the same size in the norm of each layer: a rate found on a small model fits a wide one",
  unmodified: "it has a momentum and settings for other tensors of its own",
  make: (o) => {
    const vectorScale = o.vectorScale ?? o.scale;
    const direction = (b: Expr): Expr => {
      if (b.shape.length < 2) return mul(vectorScale, div(b, add(rootMeanSquare(b), TINY)));
      return mul(
        o.scale,
        asMatrix(b, (m) =>
          o.transposed ? transpose(furthest[o.norm](transpose(m), o)) : furthest[o.norm](m, o),
        ),
      );
    };
    return chain(
      perTensor({
        name: "scion",
        slots: { buf: zerosLike },
        update: ({ momentum }) => {
          const mu = momentumOr(momentum, o.momentum);
          return (g, slots) => {
            const buf = add(mul(mu, slots.buf), mul(oneMinus(mu), g));
            return [direction(buf), { buf }];
          };
        },
      }),
      o.constrained && stateless("ball", () => (u, p) => add(u, p)),
      scaleByLr(),
    );
  },
});
