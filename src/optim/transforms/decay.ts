import { add, ge, mul, type Operand, select, sub } from "../../engine/graph/index.ts";
import { stateless } from "../per-tensor.ts";
import type { Hyper, Transform } from "../transform.ts";

/** This step's weight decay: the option times the host's factor. */
export const decayNow = (weightDecay: number, hyper: Hyper): Operand =>
  hyper.weightDecay === undefined ? weightDecay : mul(weightDecay, hyper.weightDecay);

/**
 * u → u + λθ. Before the moments this is an L2 penalty (PyTorch's Adam); after them, decoupled decay (AdamW: Loshchilov
 * & Hutter 2019), where the learning rate multiplies it.
 */
export const addDecayedWeights = (weightDecay: number): Transform =>
  stateless("decay", (hyper) => {
    const lambda = decayNow(weightDecay, hyper);
    return (u, p) => add(u, mul(lambda, p));
  });

/** u → u + ηλθ, for updates that already carry their step size. */
export const decayByLr = (weightDecay: number): Transform =>
  stateless("decay", (hyper) => {
    const lambda = mul(hyper.lr, decayNow(weightDecay, hyper));
    return (u, p) => add(u, mul(lambda, p));
  });

/** u → u − λ(θ + u): a share of the weights is taken off after the step, not before; ηλ with `byLr`. */
export const decayAfter = (weightDecay: number, byLr: boolean): Transform =>
  stateless("decay", (hyper) => {
    const now = decayNow(weightDecay, hyper);
    const lambda = byLr ? mul(hyper.lr, now) : now;
    return (u, p) => sub(u, mul(lambda, add(p, u)));
  });

/** u → u + λθ where θ and u have one sign, or u is 0: decay only where the step shrinks the weight too (arXiv 2510.12402). */
export const addCautiousDecay = (weightDecay: number): Transform =>
  stateless("decay", (hyper) => {
    const lambda = decayNow(weightDecay, hyper);
    return (u, p) => add(u, select(ge(mul(u, p), 0), mul(lambda, p), 0));
  });

/** u → u + λθ for tensors of two axes or more. */
export const decayMatrices = (weightDecay: number): Transform =>
  stateless("decay", (hyper) => {
    const lambda = decayNow(weightDecay, hyper);
    return (u, p) => (p.shape.length < 2 ? u : add(u, mul(lambda, p)));
  });
