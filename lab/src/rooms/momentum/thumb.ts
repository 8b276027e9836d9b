import type { Thumb } from "../../lib/thumb.ts";
import { DOMAIN } from "./facts.ts";
import { fields } from "./view.ts";
import { grid, walk } from "./worker.ts";

export function thumb(): Thumb {
  const [kappa, lr, beta] = [fields.kappa.default, fields.lr.default, fields.beta.default];
  const { walks } = walk({ kappa, lr, beta, from: [fields.x.default, fields.y.default] });
  const path = (name: string, slot: number) => ({ points: walks.find((w) => w.name === name)!.points, slot });
  return { ...DOMAIN, ground: grid(kappa), paths: [path("plain", 0), path("yours", 1)] };
}
