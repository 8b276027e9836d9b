import { add, mul, zerosLike } from "../../engine/graph/index.ts";
import { perTensor } from "../per-tensor.ts";
import { ema, momentumOr } from "../tensors.ts";
import type { Transform } from "../transform.ts";
import { whereAgreed } from "./caution.ts";

export interface MuonMomentum {
  readonly momentum: number;
  readonly nesterov: boolean;
  /** B = μB + g instead of μB + (1−μ)g: the same direction, 1/(1−μ) times longer. */
  readonly heavyBall?: boolean;
  /** Leave out entries in which B points against the gradient. */
  readonly caution?: boolean;
}

/** g → B, or with nesterov (1−μ)g + μB: what the optimizers of the Muon family make orthogonal. */
export const muonMomentum = (o: MuonMomentum): Transform =>
  perTensor({
    name: "muon",
    slots: { buf: zerosLike },
    update: (hyper) => {
      const mu = momentumOr(hyper.momentum, o.momentum);
      return (g, slots) => {
        const buf = o.heavyBall ? add(mul(mu, slots.buf), g) : ema(slots.buf, g, mu);
        const ahead = o.heavyBall ? add(g, mul(mu, buf)) : ema(buf, g, mu);
        const m = o.nesterov ? ahead : buf;
        return [o.caution ? whereAgreed(m, buf, g) : m, { buf }];
      };
    },
  });
