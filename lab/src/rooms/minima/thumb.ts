import type { Thumb } from "../../lib/thumb.ts";
import { fields, WELLS } from "./view.ts";
import { profile, walk } from "./worker.ts";

const MOMENTS = 60;
/** Heights shown. */
const Y = [-0.6, 6] as const;

export function thumb(): Thumb {
  const { x, y } = profile();
  const { places, drawn } = walk({
    lr: fields.lr.default,
    beta: fields.beta.default,
    sigma: fields.sigma.default,
    from: "sharp",
    seed: fields.seed.default,
  });
  const height = (at: number): number => {
    const i = Math.round(((at - WELLS.x[0]) / (WELLS.x[1] - WELLS.x[0])) * (x.length - 1));
    return y[Math.max(0, Math.min(x.length - 1, i))]!;
  };
  const every = Math.floor(fields.k.default / MOMENTS);
  return {
    ...WELLS,
    y: Y,
    still: [{ points: [...x].flatMap((at, i) => [at, Math.min(y[i]!, 2 * Y[1])]), slot: null }],
    dots: Array.from({ length: MOMENTS + 1 }, (_, m) => {
      const now = places.subarray(m * every * drawn, (m * every + 1) * drawn);
      return { points: [...now].flatMap((at, i) => [at, height(at) + 0.12 + (i % 9) * 0.09]), slot: 1 };
    }),
  };
}
