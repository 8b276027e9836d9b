/** arctan, arcsin and arccos of primitives, to about 1e-15, with their derivatives declared. */
import {
  abs,
  add,
  div,
  type Expr,
  gt,
  lt,
  mul,
  neg,
  rsqrt,
  select,
  sqrt,
  square,
  sub,
  withGradient,
} from "../../engine/graph/index.ts";

/**
 * |x| > 1 goes to its reciprocal; then tan(a/2) = t/(1 + √(1 + t²)) thrice, which leaves |t| < 0.099, and the series
 * t − t³/3 + … − t¹⁵/15, whose next term is below 1e-18.
 */
export function atan(x: Expr): Expr {
  const size = abs(x);
  const large = gt(size, 1);
  let t = select(large, div(1, select(large, size, 1)), size);
  for (let halvings = 0; halvings < 3; halvings++) t = div(t, add(1, sqrt(add(1, square(t)))));
  const tt = square(t);
  let series: Expr = mul(tt, -1 / 15);
  for (let k = 13; k >= 3; k -= 2) series = mul(tt, add(((k - 1) / 2) % 2 === 0 ? 1 / k : -1 / k, series));
  const angle = mul(8, add(t, mul(t, series)));
  const positive = select(large, sub(Math.PI / 2, angle), angle);
  return withGradient(select(lt(x, 0), neg(positive), positive), x, div(1, add(1, square(x))));
}

export function asin(x: Expr): Expr {
  const rest = mul(sub(1, x), add(1, x));
  return withGradient(atan(div(x, sqrt(rest))), x, rsqrt(rest));
}

export const acos = (x: Expr): Expr => sub(Math.PI / 2, asin(x));

/** The angle of (x, y) from the first axis, in (−π, π]; 0 at the origin. */
export function atan2(y: Expr, x: Expr): Expr {
  const right = atan(div(y, x));
  const left = add(right, select(lt(y, 0), -Math.PI, Math.PI));
  const upright = select(lt(y, 0), -Math.PI / 2, select(gt(y, 0), Math.PI / 2, mul(x, 0)));
  return select(lt(x, 0), left, select(gt(x, 0), right, upright));
}
