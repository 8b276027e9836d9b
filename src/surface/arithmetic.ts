/** Sums and whole powers of coordinates. */
import { add, div, type Expr, mul } from "../engine/graph/index.ts";

export const total = (terms: readonly Expr[]): Expr => terms.reduce((a, b) => add(a, b));

/** xⁿ for whole n by repeated squaring: exact where the engine's pow takes logarithms, and fine at negative x. */
export function wholePower(x: Expr, n: number): Expr {
  if (n < 0) return div(1, wholePower(x, -n));
  if (n === 0) return add(mul(x, 0), 1);
  if (n === 1) return x;
  const half = wholePower(x, Math.floor(n / 2));
  const even = mul(half, half);
  return n % 2 === 0 ? even : mul(even, x);
}
