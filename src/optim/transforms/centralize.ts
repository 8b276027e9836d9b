import { div, sizeOf, sub, sum } from "../../engine/graph/index.ts";
import { stateless } from "../per-tensor.ts";
import type { Transform } from "../transform.ts";

/** Takes from each row (first axis) of tensors of rank ≥ 2 its mean (Yong et al. 2020). */
export const centralize = (): Transform =>
  stateless("centralize", () => (g) => {
    const axes = g.shape.map((_, i) => i).slice(1);
    if (axes.length === 0) return g;
    const count = Math.max(1, sizeOf(g.shape.slice(1)));
    return sub(g, div(sum(g, { axes, keepDims: true }), count));
  });
