import { cast, div, type Expr, gt, max, mean, mul, select } from "../../engine/graph/index.ts";

/**
 * u where it points against the loss (u·g > 0), else 0; what is left grows by one over its share, 1000 at most
 * (Liang et al. 2024, arXiv 2411.16085, as in C-Optim's AdamW and timm).
 */
export const cautious = (u: Expr, g: Expr): Expr => {
  const agrees = gt(mul(u, g), 0);
  return div(select(agrees, u, 0), max(mean(cast(agrees, u.dtype)), 1e-3));
};
