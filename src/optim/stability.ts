/** Stability limits that several optimizers share. */
import type { StabilityLimit } from "./define.ts";

interface Moments {
  readonly betas: readonly [number, number];
  readonly eps: number;
}

/** Steps along an average of gradients: 2(1+β)/((1−β)λ). */
export const averagedLimit = (beta: number, sharpness: number): number =>
  (2 * (1 + beta)) / ((1 - beta) * sharpness);

const P = "P = diag(√v̂+ε)";

/** √v̂ + ε with v̂ corrected for its start; as step grows the correction vanishes. */
const rootMeanSquare =
  ({ betas: [, b2], eps }: Moments, step: number): ((v: number) => number) =>
  (v) =>
    Math.sqrt(v / (1 - b2 ** step)) + eps;

/** Cohen et al. 2022 (arXiv 2207.14484): 38/η at β₁ = 0.9. */
export const adamLimit: StabilityLimit<Moments> = {
  rule: `2(1+β₁)/((1−β₁)·λmax(P⁻¹H)), ${P}`,
  limit: ({ betas: [b1] }, sharpness) => averagedLimit(b1, sharpness),
  preconditioner: { slot: () => "v", of: rootMeanSquare },
};

/** The same with the correction outside: ε is divided by it too, as in PyTorch's SparseAdam and RAdam. */
export const outsideAdamLimit: StabilityLimit<Moments> = {
  ...adamLimit,
  preconditioner: {
    slot: () => "v",
    of:
      ({ betas: [, b2], eps }, step) =>
      (v) =>
        (Math.sqrt(v) + eps) / Math.sqrt(1 - b2 ** step),
  },
};

/** The look ahead takes the Nesterov factor off it; once μₜ has risen to β₁. */
export const nadamLimit: StabilityLimit<Moments> = {
  rule: `(2+2β₁)/((1−β₁)(1+2β₁)·λmax(P⁻¹H)), ${P}`,
  limit: ({ betas: [b1] }, sharpness) => averagedLimit(b1, sharpness) / (1 + 2 * b1),
  preconditioner: { slot: () => "v", of: rootMeanSquare },
};
