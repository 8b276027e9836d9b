import { logCurve, type Thumb } from "../../lib/thumb.ts";
import { fields } from "./view.ts";
import { replay } from "./worker.ts";

const EPOCHS = 250;

export function thumb(): Thumb {
  const { sgd, adam } = replay({
    lr: { sgd: fields.sgd.default, adam: fields.adam.default },
    epochs: EPOCHS,
    standardise: false,
    start: "lesson",
    loss: "bce",
  });
  return {
    x: [-5, EPOCHS],
    y: [-0.7, 1.4],
    paths: [sgd, adam].map((losses, slot) => ({ points: logCurve(losses, 1e-3, 2), slot })),
  };
}
