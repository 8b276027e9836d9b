import type { Thumb } from "../../lib/thumb.ts";
import { fields } from "./view.ts";
import { race, terrain } from "./worker.ts";

/** As many steps as the card has time for. */
const STEPS = 120;

export async function thumb(): Promise<Thumb> {
  const ground = { on: fields.on.default, f: fields.f.default, span: fields.span.default };
  const { x, y, field } = await terrain(ground);
  const { racers } = await race({
    ground,
    lanes: fields.run.default,
    rates: "best",
    lr: fields.lr.default,
    times: 1,
    from: [Number.NaN, Number.NaN],
    steps: STEPS,
    noise: 0,
    seed: 0,
  });
  return { x, y, ground: field, paths: racers.map(({ points, slot }) => ({ points, slot })) };
}
