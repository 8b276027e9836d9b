import {
  add,
  cast,
  constant,
  div,
  type Expr,
  mul,
  pow,
  random,
  reshape,
  sizeOf,
  slice,
  sqrt,
} from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import type { Hyper, Tensors, Transform } from "../transform.ts";

/** Keeps this transform's numbers apart from dropout's under the same key: the letters "opti". */
const STREAM = 0x6f707469;

/** Normal numbers shaped like each tensor, all from one counter. Throws `hyper` when the host gave no key. */
export function normalLike(tensors: Tensors, hyper: Hyper, what: string): Tensors {
  if (hyper.key === undefined) {
    throw new SteepestError("hyper", `${what} draws random numbers but got no key`, {
      help: "pass two int32 key words of the step as hyper.key",
    });
  }
  const key: [Expr, Expr] = [add(hyper.key[0], constant(STREAM, { dtype: "int32" })), hyper.key[1]];
  const sizes = Object.values(tensors).map((x) => sizeOf(x.shape));
  const count = sizes.reduce((n, s) => n + s, 0);
  const double = Object.values(tensors).some((x) => x.dtype === "float64");
  const all = random("normal", [count], { key, dtype: double ? "float64" : "float32" });
  let start = 0;
  return Object.fromEntries(
    Object.entries(tensors).map(([name, x], i) => {
      const piece = slice(all, [start], [(start += sizes[i]!)]);
      return [name, cast(reshape(piece, x.shape), x.dtype)];
    }),
  );
}

/** Options of `addNoise`. */
export interface NoiseOptions {
  /** Variance at the first step. */
  readonly eta: number;
  /** It falls as t^−γ. */
  readonly gamma: number;
}

/** g → g + N(0, eta/t^γ) (Neelakantan et al. 2015). */
export const addNoise = ({ eta, gamma }: NoiseOptions): Transform => ({
  name: "noise",
  init: () => ({}),
  update: (grads, _, __, hyper) => {
    const spread = sqrt(div(eta, pow(hyper.step, gamma)));
    const noise = normalLike(grads, hyper, "gradient noise");
    return [
      Object.fromEntries(
        Object.entries(grads).map(([name, g]) => [
          name,
          cast(add(g, mul(cast(spread, g.dtype), noise[name]!)), g.dtype),
        ]),
      ),
      {},
    ];
  },
});
