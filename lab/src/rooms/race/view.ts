import { choice, type Field, int, number, readNumber, shortNumber, text } from "../../lib/fields.ts";
import { lanesField, presets } from "./lanes.ts";

/** Surface names are checked by the worker, which knows them; this stands for the typed formula. */
export const FORMULA = "formula";

export const policies = ["best", "default", "same"] as const;

/** A coordinate of the start; NaN, written as nothing: the surface's own. */
const coordinate: Field<number> = {
  default: Number.NaN,
  parse: (written) => {
    const value = readNumber(written);
    return Number.isFinite(value) ? value : null;
  },
  format: (value) => (Number.isNaN(value) ? "" : shortNumber(value)),
  allows: "a number",
};

/** Another function has another start: its own. */
export const OWN = { x: Number.NaN, y: Number.NaN };

export const fields = {
  on: text("beale", { max: 60 }),
  f: text("x^2 + sin(3y)^2 + y^2/10"),
  /** The picture of a formula goes from −span to span. */
  span: number({ default: 4, min: 0.1, max: 100, log: true }),
  run: lanesField(presets["The classics"]),
  rates: choice(policies, "best"),
  lr: number({ default: 0.01, min: 1e-6, max: 10, log: true }),
  times: number({ default: 1, min: 0.01, max: 100, log: true }),
  x: coordinate,
  y: coordinate,
  steps: int({ default: 300, min: 10, max: 2000, step: 10 }),
  noise: number({ default: 0, min: 0, max: 20, step: 0.1 }),
  seed: int({ default: 0, min: 0, max: 1e9 }),
  k: int({ default: 300, min: 0, max: 2000 }),
  look: int({ default: 5, min: 0, max: 11 }),
};
