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
} from "../../engine/graph/index.ts";
import { norm } from "../tensors.ts";

/** The polynomial x ← ax + (b·xxᵀ + c·(xxᵀ)²)x */
export type Triple = readonly [number, number, number];

/** Muon's: fast from any size to near 1, where it then swings between 0.7 and 1.2 (Jordan et al. 2024). */
export const quintic: Triple = [3.4445, -4.775, 2.0315];

/** Converges to the orthogonal matrix itself; MuonH's. */
export const convergent: Triple = [2, -1.5, 0.5];

export interface NewtonSchulz {
  /** One triple for each iteration. */
  readonly coefficients: readonly (readonly number[])[];
  readonly eps?: number;
  /** Whether ε is added to the norm (Jordan, Moonshot) or bounds it from below (PyTorch). */
  readonly epsForm?: "add" | "max";
}

/** The same triple so many times. */
export const repeated = (triple: readonly number[], steps: number): readonly (readonly number[])[] =>
  Array.from({ length: steps }, () => triple);

/**
 * Nearly the closest matrix with orthonormal rows or columns, [m, n] → [m, n]. Rows are the short side. In the tensor's
 * dtype; PyTorch rounds to bfloat16 here.
 */
export function orthogonalize(m: Expr, { coefficients, eps = 1e-7, epsForm = "add" }: NewtonSchulz): Expr {
  const tall = m.shape[0]! > m.shape[1]!;
  const length = epsForm === "add" ? add(norm(m), eps) : max(norm(m), eps);
  let x = div(tall ? transpose(m) : m, length);
  for (const [a, b, c] of coefficients) {
    const gram = matmul(x, x, { transposeB: true });
    x = add(mul(a!, x), matmul(add(mul(b!, gram), mul(c!, matmul(gram, gram))), x));
  }
  return tall ? transpose(x) : x;
}

/** Rows and columns of a tensor as a matrix: the first axis by all others. */
export const matrixShape = (p: Expr): readonly [rows: number, cols: number] => [
  p.shape[0]!,
  sizeOf(p.shape.slice(1)),
];

/** f of a tensor as a matrix, back in the tensor's shape. */
export const asMatrix = (x: Expr, f: (m: Expr) => Expr): Expr =>
  reshape(f(reshape(x, matrixShape(x))), x.shape);
