/**
 * Functions of whole matrices that no expression is made of, as the nodes of the primitive `matrixFunction` carry them: a
 * program that has none of these nodes does without their code.
 */
import { symmetricEigen, transposed } from "./eigen.ts";
import { addScaled, type Multiply } from "./multiply.ts";
import { orthonormalize } from "./orthonormal.ts";

type Data = Float64Array;

export type MatrixFunctionName = "eigenvectors" | "powerIteration" | "inverseRoot" | "solveTransposed";

export interface MatrixFunction {
  readonly name: MatrixFunctionName;
  /** Row-major arguments, and the sizes of the result [n, m] → its value. `multiply` is for the products inside. */
  readonly compute: (
    args: readonly Data[],
    size: readonly [n: number, m: number],
    multiply: Multiply,
  ) => Data;
}

/** Symmetric A [n, n] → its eigenvectors as rows, that of the largest eigenvalue first. */
export const eigenvectors: MatrixFunction = {
  name: "eigenvectors",
  compute: ([a], [n]) => symmetricEigen(a!, n).vectors,
};

/**
 * Symmetric A [n, n], orthonormal rows B [n, n] → one step of the power iteration on all rows: those of BA, made
 * orthonormal in the order of B's Rayleigh quotients, the largest first; every row keeps its place.
 */
export const powerIteration: MatrixFunction = {
  name: "powerIteration",
  compute: ([a, basis], [n], multiply) => powerStep(a!, basis!, n, multiply),
};

/** Symmetric A [n, n], [p, ε] → (A + εI)^(−p); negative eigenvalues, which are rounding, count as 0. */
export const inverseRoot: MatrixFunction = {
  name: "inverseRoot",
  compute: ([a, given], [n], multiply) => rootOf(a!, given!, n, multiply),
};

/** Upper triangular U [n, n], B [n, m] → U⁻ᵀB. */
export const solveTransposed: MatrixFunction = {
  name: "solveTransposed",
  compute: ([u, b], [n, m], multiply) => {
    const x = new Float64Array(b!);
    solve(u!, x, { n, m, from: 0, to: n, multiply });
    return x;
  },
};

function powerStep(a: Data, basis: Data, n: number, multiply: Multiply): Data {
  const moved = multiply(basis, a, { m: n, k: n, n });
  const quotient = Float64Array.from({ length: n }, (_, i) => {
    let total = 0;
    for (let j = i * n; j < (i + 1) * n; j++) total += basis[j]! * moved[j]!;
    return total;
  });
  const order = Array.from(quotient.keys()).sort((i, j) => quotient[j]! - quotient[i]! || i - j);
  const rows = new Float64Array(n * n);
  order.forEach((from, to) => {
    rows.set(moved.subarray(from * n, (from + 1) * n), to * n);
  });
  orthonormalize(rows, n, multiply);
  order.forEach((to, from) => {
    moved.set(rows.subarray(from * n, (from + 1) * n), to * n);
  });
  return moved;
}

function rootOf(a: Data, [p, epsilon]: Data, n: number, multiply: Multiply): Data {
  const { values, vectors } = symmetricEigen(a, n);
  const scaled = Float64Array.from(
    vectors,
    (x, i) => x * (Math.max(0, values[Math.floor(i / n)]!) + epsilon!) ** -p!,
  );
  // Σ λ^(−p) v vᵀ = Vᵀ·(λ^(−p) V)
  return multiply(transposed(vectors, n), scaled, { m: n, k: n, n });
}

/** Rows solved one by one. */
const PANEL = 24;

/** Solves UᵀX = B for the rows from…to, in place of B, in blocks that halve. */
function solve(
  u: Data,
  x: Data,
  { n, m, from, to, multiply }: { n: number; m: number; from: number; to: number; multiply: Multiply },
): void {
  if (to - from <= PANEL) {
    for (let i = from; i < to; i++) {
      for (let j = from; j < i; j++) addScaled(x, i * m, -u[j * n + i]!, x, j * m, m);
      for (let j = i * m; j < (i + 1) * m; j++) x[j]! /= u[i * n + i]!;
    }
    return;
  }
  const middle = (from + to) >> 1;
  solve(u, x, { n, m, from, to: middle, multiply });
  const [rows, known] = [to - middle, middle - from];
  const coupling = new Float64Array(rows * known);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < known; j++) coupling[i * known + j] = u[(from + j) * n + middle + i]!;
  const along = multiply(coupling, x.subarray(from * m, middle * m), { m: rows, k: known, n: m });
  for (let i = 0; i < along.length; i++) x[middle * m + i]! -= along[i]!;
  solve(u, x, { n, m, from: middle, to, multiply });
}
