import type { Thumb } from "../../lib/thumb.ts";
import { DOMAIN, fields, STEPS } from "./view.ts";
import { grid, walk } from "./worker.ts";

export function thumb(): Thumb {
  const [kappa, lr] = [fields.kappa.default, fields.lr.default];
  const walks = walk({
    kappa,
    from: [fields.x.default, fields.y.default],
    steps: STEPS,
    walks: [
      { name: "tiny", optimizer: "sgd", lr: 0.05 / kappa },
      { name: "yours", optimizer: "sgd", lr },
    ],
  });
  return {
    ...DOMAIN,
    ground: grid(kappa, DOMAIN),
    paths: walks.map(({ points }, i) => ({ points, slot: i === 0 ? 2 : 1 })),
  };
}
