import { div, mul, zerosLike } from "../../engine/graph/index.ts";
import { perTensor } from "../per-tensor.ts";
import { biasCorrection, ema, momentumOr } from "../tensors.ts";
import type { Transform } from "../transform.ts";

/** m = βm + (1 − β)g, an average of the gradients; divided by 1 − βᵗ with `biasCorrection`. */
export const emaMomentum = ({
  beta,
  corrected = false,
}: {
  readonly beta: number;
  readonly corrected?: boolean;
}): Transform =>
  perTensor({
    name: "ema",
    slots: { m: zerosLike },
    update: ({ step, momentum }) => {
      const b = momentumOr(momentum, beta);
      const scale = div(1, biasCorrection(b, step));
      return (g, { m }) => {
        const next = ema(m, g, b);
        return [corrected ? mul(scale, next) : next, { m: next }];
      };
    },
  });
