/** The table of surfaces: command-line help, docs and the lab's list read it. */
import { findRow } from "../run/table.ts";
import { ackley } from "./surfaces/ackley.ts";
import { beale } from "./surfaces/beale.ts";
import { booth } from "./surfaces/booth.ts";
import { sixHumpCamel, threeHumpCamel } from "./surfaces/camel.ts";
import { doubleWell } from "./surfaces/double-well.ts";
import { easom } from "./surfaces/easom.ts";
import { goldsteinPrice } from "./surfaces/goldstein-price.ts";
import { himmelblau } from "./surfaces/himmelblau.ts";
import { kink } from "./surfaces/kink.ts";
import { product } from "./surfaces/product.ts";
import { bowl, ravine } from "./surfaces/quadratic.ts";
import { rastrigin } from "./surfaces/rastrigin.ts";
import { rosenbrock } from "./surfaces/rosenbrock.ts";
import { monkeySaddle, saddle } from "./surfaces/saddle.ts";
import { styblinskiTang } from "./surfaces/styblinski-tang.ts";
import type { Surface, SurfaceOptions, SurfaceRow } from "./types.ts";

/** The table of named surfaces, one row each, in the order that help and docs list them. */
export const surfaces: readonly SurfaceRow[] = [
  bowl,
  ravine,
  rosenbrock,
  beale,
  booth,
  himmelblau,
  saddle,
  monkeySaddle,
  doubleWell,
  product,
  threeHumpCamel,
  sixHumpCamel,
  styblinskiTang,
  rastrigin,
  ackley,
  goldsteinPrice,
  easom,
  kink,
];

/** The row of this name. Throws `surface` with the closest name when there is none. */
export function findSurface(name: string): SurfaceRow {
  return findRow(surfaces, name, {
    code: "surface",
    missing: `there is no surface named ${JSON.stringify(name)}`,
  });
}

/**
 * The surface of this name with these options. Throws `surface` with the closest name, and `option` for a
 * bad option.
 */
export const makeSurface = (name: string, options: SurfaceOptions = {}): Surface =>
  findSurface(name).make(options);
