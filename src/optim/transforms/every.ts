import { div, type Expr, eq, floor, mul, sub } from "../../engine/graph/index.ts";

/** Whether the count, a rank-0 float64, is a multiple of `period`. */
export const isEvery = (count: Expr, period: number): Expr =>
  eq(sub(count, mul(period, floor(div(count, period)))), 0);
