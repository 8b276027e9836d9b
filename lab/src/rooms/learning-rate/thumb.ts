import { wasm } from "steepest/engine";
import { losses, secondProgram } from "steepest/lesson/problems";
import type { Thumb } from "../../lib/thumb.ts";
import { fields } from "./view.ts";

const EPOCHS = 200;

export function thumb(): Thumb {
  const program = secondProgram({ backend: wasm }, fields.problem.default);
  const rates = [fields.high.default, fields.middle.default, fields.low.default];
  return {
    x: [-4, EPOCHS],
    y: [0, 0.85],
    paths: rates.map((lr, slot) => ({
      points: [...losses(program, EPOCHS, lr)].flatMap((loss, k) => [k, loss]),
      slot,
    })),
  };
}
