import type { Thumb } from "../../lib/thumb.ts";
import { DOMAIN, N } from "./facts.ts";
import { grid, walk } from "./measure.ts";
import { fields } from "./view.ts";

export function thumb(): Thumb {
  const { walks } = walk({
    batches: [1, N],
    lr: fields.lr.default,
    sampling: "epochs",
    from: [fields.x.default, fields.y.default],
    seed: fields.seed.default,
  });
  return {
    ...DOMAIN,
    ground: grid(),
    paths: walks.map(({ points }, i) => ({ points, slot: i === 0 ? 3 : 0 })),
  };
}
