import { add, and, clamp, div, gt, max, min, mul, select } from "../../engine/graph/index.ts";
import { stateless } from "../per-tensor.ts";
import { norm } from "../tensors.ts";
import type { Transform } from "../transform.ts";

/** Options of `scaleByTrustRatio`. */
export interface TrustRatio {
  /** Factor on the ratio (LARS); 1 for LAMB. */
  readonly coefficient?: number;
  readonly eps?: number;
  /** φ(‖θ‖) = ‖θ‖ clamped to this range. */
  readonly phiMin?: number;
  readonly phiMax?: number | null;
  /** Never lengthen the update. */
  readonly clip?: boolean;
}

/** u → u·coefficient·φ(‖θ‖)/(‖u‖ + ε) for each tensor; unchanged where either norm is 0. */
export const scaleByTrustRatio = ({
  coefficient = 1,
  eps = 0,
  phiMin = 0,
  phiMax = null,
  clip = false,
}: TrustRatio = {}): Transform =>
  stateless("trust", () => (u, p) => {
    const [pNorm, uNorm] = [norm(p), norm(u)];
    const phi = phiMax === null ? max(pNorm, phiMin) : clamp(pNorm, phiMin, phiMax);
    const ratio = div(coefficient === 1 ? phi : mul(coefficient, phi), eps === 0 ? uNorm : add(uNorm, eps));
    const safe = select(and(gt(pNorm, 0), gt(uNorm, 0)), ratio, 1);
    return mul(clip ? min(safe, 1) : safe, u);
  });
