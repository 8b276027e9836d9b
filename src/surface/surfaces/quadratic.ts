import { add, type Expr, mul, square, sub } from "../../engine/graph/index.ts";
import type { OptionSpecs } from "../../optim/index.ts";
import { number } from "../../run/options.ts";
import { total } from "../arithmetic.ts";
import { defineSurface, dimension, each, globalMinimum, type Shape } from "../define.ts";
import type { SurfaceRow } from "../types.ts";

interface QuadraticOptions {
  readonly kappa: number;
  readonly rotation: number;
  readonly dimension: number;
}

const options = (kappa: number): OptionSpecs<QuadraticOptions> => ({
  kappa: number(kappa, "κ: the largest curvature; the least is 1", { min: 1 }),
  rotation: number(0, "degrees by which the first and the last axis are turned", {}),
  dimension: dimension(),
});

/** ½ Σ λᵢ uᵢ² with curvatures from 1 to κ in equal ratios; u is x turned in the plane of its first and last axis. */
function quadratic(
  { kappa, rotation, dimension: n }: QuadraticOptions,
  ends: { readonly first: readonly [number, number]; readonly last: readonly [number, number] },
  start: readonly [number, number],
): Shape {
  const curvature = (i: number): number => (n === 1 ? kappa : kappa ** (i / (n - 1)));
  const angle = (rotation * Math.PI) / 180;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const turned = (x: readonly Expr[]): readonly Expr[] => {
    if (angle === 0 || n === 1) return x;
    const [a, b] = [x[0]!, x[n - 1]!];
    return [add(mul(c, a), mul(s, b)), ...x.slice(1, -1), sub(mul(c, b), mul(s, a))];
  };
  const wide = angle === 0 ? ends.last : ends.first;
  return {
    f: (x) => mul(0.5, total(turned(x).map((u, i) => mul(curvature(i), square(u))))),
    domain: n === 1 ? [ends.first] : [...each(n - 1, ends.first), wide],
    start: n === 1 ? [start[0]] : [...each(n - 1, start[0]), start[1]],
    minima: [globalMinimum(each(n, 0))],
  };
}

const formula = String.raw`f(x, y) = \tfrac12\left(x^2 + \kappa y^2\right)`;
const text = "½(x² + κy²)";

export const bowl: SurfaceRow = defineSurface<QuadraticOptions>({
  name: "bowl",
  label: "quadratic bowl",
  tex: formula,
  formula: text,
  options: options(10),
  about: "the step size alone: steps below 2/κ settle, at 2/κ they bounce for ever, above they fly off",
  shape: (o) => quadratic(o, { first: [-10, 10], last: [-5, 5] }, [-9, 2.5]),
});

export const ravine: SurfaceRow = defineSurface<QuadraticOptions>({
  name: "ravine",
  label: "ravine",
  tex: formula,
  formula: text,
  options: options(100),
  about: "ill-conditioning: what momentum and per-coordinate steps are for; turned, only momentum helps",
  shape: (o) => quadratic(o, { first: [-5, 5], last: [-1.5, 1.5] }, [-4, 1]),
});
