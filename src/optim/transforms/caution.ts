import {
  add,
  cast,
  div,
  type Expr,
  gt,
  max,
  mean,
  mul,
  select,
  sizeOf,
  sum,
} from "../../engine/graph/index.ts";

/** How what is left grows: by one over its share (1000 at most), or by size/(count + 1), as C-Optim's Lion does. */
export type CautionScale = "mean" | "count";

/**
 * u where it points against the loss (u·g > 0), else 0; what is left grows by `scale` (Liang et al. 2024, arXiv
 * 2411.16085; "mean" as in C-Optim's AdamW and timm).
 */
export const cautious = (u: Expr, g: Expr, scale: CautionScale = "mean"): Expr => whereAgreed(u, u, g, scale);

/** x where u·g > 0, else 0, scaled as `cautious`. */
export function whereAgreed(x: Expr, u: Expr, g: Expr, scale: CautionScale = "mean"): Expr {
  const agrees = gt(mul(u, g), 0);
  const kept = select(agrees, x, 0);
  const ones = cast(agrees, u.dtype);
  return scale === "mean"
    ? div(kept, max(mean(ones), 1e-3))
    : mul(kept, div(sizeOf(u.shape), add(sum(ones), 1)));
}
