import {
  abs,
  add,
  div,
  eq,
  lt,
  max,
  min,
  mul,
  neg,
  type Operand,
  select,
  sqrt,
  square,
  sub,
  withGradient,
} from "./elementwise.ts";
import type { Expr } from "./expr.ts";

/** Terms of atan's series that are left after the argument was halved three times: the next one is below 10⁻¹⁷ of the value. */
const TERMS = 8;

/** atan of 0 ≤ q ≤ 1: three times atan q = 2 atan(q/(1 + √(1 + q²))), then the series in q ≤ tan(π/32). */
function arctangent(q: Expr): Expr {
  let x = q;
  for (let i = 0; i < 3; i++) x = div(x, add(1, sqrt(add(1, square(x)))));
  const z = square(x);
  let sum: Operand = (TERMS % 2 === 1 ? 1 : -1) / (2 * TERMS - 1);
  for (let k = TERMS - 2; k >= 0; k--) sum = add((k % 2 === 0 ? 1 : -1) / (2 * k + 1), mul(z, sum));
  return mul(mul(8, x), sum);
}

/** The angle of the point (x, y) in (−π, π]; 0 at the origin. Its derivative there is 0 too. */
export function atan2(y: Expr, x: Expr): Expr {
  const [across, up] = [abs(x), abs(y)];
  const [short, long] = [min(across, up), max(across, up)];
  const still = eq(long, 0);
  const acute = arctangent(div(short, select(still, 1, long)));
  const upright = select(lt(across, up), sub(Math.PI / 2, acute), acute);
  const right = select(lt(x, 0), sub(Math.PI, upright), upright);
  const angle = select(lt(y, 0), neg(right), right);
  const length = select(still, 1, add(square(x), square(y)));
  const alongX = withGradient(mul(0, angle), x, div(neg(y), length));
  return add(withGradient(angle, y, div(x, length)), alongX);
}
