import { mul, neg, sign } from "../../engine/graph/index.ts";
import { stateless } from "../per-tensor.ts";
import type { Transform } from "../transform.ts";

/** u → −η·u: the last part of most chains. */
export const scaleByLr = (): Transform =>
  stateless("lr", ({ lr }) => {
    const descent = neg(lr);
    return (u) => mul(descent, u);
  });

/** u → factor·u */
export const scaleBy = (factor: number): Transform => stateless("scale", () => (u) => mul(factor, u));

/** g → −g, for `maximize`. */
export const ascend = (): Transform => stateless("ascend", () => (g) => neg(g));

/** u → sign u */
export const scaleBySign = (): Transform => stateless("sign", () => (u) => sign(u));
