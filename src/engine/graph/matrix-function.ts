/** Functions of whole matrices. They have no derivative, and the host computes them: seldom, as `when` says. */
import * as functions from "../matrix/functions.ts";
import { describe } from "./describe.ts";
import { isFloat } from "./dtype.ts";
import { type Expr, makeNode } from "./expr.ts";
import { constant } from "./leaves.ts";
import { type Shape, sameShape, shapeError, showShape } from "./shape.ts";

/** Work that is done at some steps alone. */
export interface When {
  /** Rank-0 bool: compute at this step? */
  readonly when: Expr;
  /** The value at other steps, of the result's shape and dtype. */
  readonly otherwise: Expr;
}

function matrixFunction(
  fn: functions.MatrixFunction,
  args: readonly { readonly x: Expr; readonly shape: Shape }[],
  { when, otherwise }: When,
): Expr {
  if (when.dtype !== "bool" || when.shape.length > 0)
    throw shapeError(fn.name, `"when" is ${describe(when)}, not a bool of rank 0`);
  for (const { x, shape } of args)
    if (x.dtype !== otherwise.dtype || !isFloat(x.dtype) || !sameShape(x.shape, shape))
      throw shapeError(fn.name, `${describe(x)} should be ${otherwise.dtype} ${showShape(shape)}`);
  const inputs = [when, otherwise, ...args.map(({ x }) => x)];
  return makeNode("matrixFunction", inputs, { fn }, otherwise.shape, otherwise.dtype);
}

const square = ({ otherwise }: When, name: functions.MatrixFunctionName): Shape => {
  const [n, m] = otherwise.shape;
  if (otherwise.shape.length !== 2 || n !== m)
    throw shapeError(name, `${describe(otherwise)} is no square matrix`);
  return otherwise.shape;
};

/** Eigenvectors of the symmetric A [n, n] as rows [n, n], that of the largest eigenvalue first. */
export const eigenvectors = (a: Expr, when: When): Expr =>
  matrixFunction(functions.eigenvectors, [{ x: a, shape: square(when, "eigenvectors") }], when);

/**
 * One step of the power iteration of the symmetric A [n, n] on all rows of the orthonormal `basis` [n, n]. Gives the rows
 * of basis·A, made orthonormal in the order of the basis's Rayleigh quotients, the largest first. Rows keep their places.
 */
export const powerIteration = (a: Expr, basis: Expr, when: When): Expr => {
  const shape = square(when, "powerIteration");
  return matrixFunction(functions.powerIteration, [a, basis].map((x) => ({ x, shape })), when); // biome-ignore format: one call
};

/**
 * (A + εI)^(−power) of the symmetric A [n, n] that has no negative eigenvalues but those of rounding, which count as 0.
 * `power` and `epsilon` are numbers.
 */
export const inverseRoot = (
  a: Expr,
  { power, epsilon }: { readonly power: number; readonly epsilon: number },
  when: When,
): Expr => {
  const given = constant(Float64Array.of(power, epsilon), { shape: [2], dtype: a.dtype });
  const args = [
    { x: a, shape: square(when, "inverseRoot") },
    { x: given, shape: [2] },
  ];
  return matrixFunction(functions.inverseRoot, args, when);
};

/** U⁻ᵀB for the upper triangular U [n, n] and B [n, m]; what lies below U's diagonal is not read. */
export const solveTransposed = (u: Expr, b: Expr, when: When): Expr => {
  const [n] = when.otherwise.shape;
  return matrixFunction(
    functions.solveTransposed,
    [
      { x: u, shape: [n!, n!] },
      { x: b, shape: when.otherwise.shape },
    ],
    when,
  );
};
