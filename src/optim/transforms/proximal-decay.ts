import { add, div, mul, sub } from "../../engine/graph/index.ts";
import { stateless } from "../per-tensor.ts";
import type { Transform } from "../transform.ts";
import { decayNow } from "./decay.ts";

/** After the learning rate: θ ← (θ + u)/(1 + ηλ), the implicit form of decay (Adan, algorithm 1 line 8). */
export const proximalDecay = (weightDecay: number): Transform =>
  stateless("proximal-decay", (hyper) => {
    const shrink = mul(hyper.lr, decayNow(weightDecay, hyper));
    const scale = div(1, add(1, shrink));
    return (u, p) => mul(scale, sub(u, mul(shrink, p)));
  });
