import { add, eq, mul, select, zerosLike } from "../../engine/graph/index.ts";
import { perTensor } from "../per-tensor.ts";
import { momentumOr } from "../tensors.ts";
import type { Transform } from "../transform.ts";

/** Options of `trace`. */
export interface TraceOptions {
  readonly momentum: number;
  readonly dampening?: number;
  readonly nesterov?: boolean;
}

/**
 * PyTorch's momentum: buf₁ = g₁, then buf = μ·buf + (1 − τ)·g; the update is buf, or g + μ·buf with `nesterov`.
 * The first buffer is not dampened, so τ = μ is not quite an average (see `emaMomentum`).
 */
export const trace = ({ momentum, dampening = 0, nesterov = false }: TraceOptions): Transform =>
  perTensor({
    name: "momentum",
    slots: { buf: zerosLike },
    update: (hyper) => {
      const mu = momentumOr(hyper.momentum, momentum);
      const first = eq(hyper.step, 1);
      return (g, { buf }) => {
        const later = add(mul(mu, buf), mul(1 - dampening, g));
        // with τ = 0 a zero buffer gives g by itself
        const next = dampening === 0 ? add(mul(mu, buf), g) : select(first, g, later);
        return [nesterov ? add(g, mul(mu, next)) : next, { buf: next }];
      };
    },
  });
