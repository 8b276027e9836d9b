/** PSGD with Kronecker factors: a triangular or diagonal matrix for each axis, found by fitting (Li 2015, 2018; Pooladzandi & Li 2024). */
import {
  abs,
  add,
  amax,
  argmax,
  broadcastTo,
  cast,
  clamp,
  constant,
  div,
  type Expr,
  exp,
  gather,
  ge,
  iota,
  le,
  matmul,
  mean,
  min,
  mul,
  reshape,
  type Shape,
  select,
  sizeOf,
  solveTransposed,
  square,
  sub,
  sum,
  zerosLike,
} from "../../engine/graph/index.ts";
import {
  biasCorrection,
  ema,
  mapKeeping,
  mapTensors,
  momentumOr,
  norm,
  rootMeanSquare,
  scalar,
} from "../tensors.ts";
import type { Hyper, State, Tensors, Transform } from "../transform.ts";
import { normalLike } from "./add-noise.ts";
import {
  applyAlong,
  axesOf,
  axisBack,
  axisFirst,
  type ByAxis,
  forAxes,
  gramAlong,
  identity,
} from "./axes.ts";

/** Options of `scaleByKron`: those of `psgd-kron` that the fit of the factors reads. */
export interface PsgdOptions {
  readonly b1: number;
  readonly preconditionerUpdateProbability: number | null;
  readonly maxSizeTriangular: number;
  readonly minNdimTriangular: number;
  readonly memorySaveMode: "none" | "one_diag" | "smart_one_diag" | "all_diag";
  readonly momentumIntoPrecondUpdate: boolean;
  readonly precondLr: number;
  readonly precondInitScale: number;
}

/**
 * The probe of a fit: numbers of mean 0 and variance 1 shaped like each tensor. `updates`, a rank-0 float64, counts the
 * fits before this one.
 */
export type Probe = (tensors: Tensors, hyper: Hyper, updates: Expr) => Tensors;

const drawn: Probe = (tensors, hyper) => normalLike(tensors, hyper, "psgd-kron");

/** Whether each axis has a diagonal matrix: kept as a vector. */
export function diagonalAxes(o: PsgdOptions, shape: Shape): readonly boolean[] {
  const order = [...shape.keys()].sort((a, b) => shape[b]! - shape[a]! || b - a);
  const [longest, next] = [order[0], order[1]];
  const saved = (axis: number): boolean =>
    o.memorySaveMode === "all_diag" ||
    (o.memorySaveMode === "one_diag" && axis === longest) ||
    (o.memorySaveMode === "smart_one_diag" &&
      axis === longest &&
      (next === undefined || shape[longest]! > shape[next]!));
  return shape.map(
    (n, axis) => n === 1 || n > o.maxSizeTriangular || shape.length < o.minNdimTriangular || saved(axis),
  );
}

const isDiagonal = (q: Expr): boolean => q.shape.length === 1;

/** q·x along the axis, or qᵀ·x. */
const applyFactor = (x: Expr, q: Expr, axis: number, transposed = false): Expr => {
  if (!isDiagonal(q)) return applyAlong(x, q, axis, transposed);
  return mul(x, reshape(q, x.shape.map((n, a) => (a === axis ? n : 1)))); // biome-ignore format: one call
};

const applyFactors = (x: Expr, factors: ByAxis, transposed = false): Expr =>
  Object.entries(factors).reduce((y, [axis, q]) => applyFactor(y, q, Number(axis), transposed), x);

/** q⁻ᵀ·x along the axis, where a fit is due. */
function unapplyFactor(x: Expr, q: Expr, axis: number, due: Expr): Expr {
  if (isDiagonal(q))
    return div(x, reshape(q, x.shape.map((n, a) => (a === axis ? n : 1)))); // biome-ignore format: one call
  const rows = axisFirst(x, axis);
  return axisBack(solveTransposed(q, rows, { when: due, otherwise: rows }), axis, x.shape);
}

/** Lower bound of the spectral norm of a symmetric matrix, by one step of the power method from its longest row. */
function normBound(s: Expr): Expr {
  const largest = amax(abs(s));
  const scaled = div(s, largest);
  const longest = argmax(sum(square(scaled), { axes: 1 }), 0);
  const z = matmul(gather(scaled, reshape(longest, [1])), scaled);
  return mul(largest, norm(matmul(div(z, norm(z)), scaled)));
}

/** One axis's factor after a fit to its two second moments. */
function fitted(q: Expr, whitened: Expr, probed: Expr, axis: number, precondLr: number): Expr {
  if (isDiagonal(q)) {
    const others = whitened.shape.map((_, a) => a).filter((a) => a !== axis);
    const [t1, t2] = [whitened, probed].map((x) => sum(square(x), { axes: others }));
    return sub(q, div(mul(precondLr, mul(sub(t1!, t2!), q)), amax(add(t1!, t2!))));
  }
  const [t1, t2] = [gramAlong(whitened, axis), gramAlong(probed, axis)];
  const upper = le(iota(q.shape, 0), iota(q.shape, 1));
  const step = select(upper, mul(precondLr, sub(t1, t2)), zerosLike(q));
  return sub(q, div(matmul(step, q), normBound(add(t1, t2))));
}

/** All factors of a tensor after a fit to the gradient x with probe v. */
function fit(factors: ByAxis, x: Expr, v: Expr, due: Expr, precondLr: number): ByAxis {
  const whitened = applyFactors(x, factors);
  const probed = Object.entries(factors).reduce((y, [a, q]) => unapplyFactor(y, q, Number(a), due), v);
  return Object.fromEntries(
    Object.entries(factors).map(([a, q]) => [
      a,
      select(due, fitted(q, whitened, probed, Number(a), precondLr), q),
    ]),
  );
}

/** How likely a fit is at a step: the authors' schedule, 1 for 500 steps, then falling to 0.03 by e for 1000. */
const fitProbability = (o: PsgdOptions, { step }: Hyper): Expr =>
  o.preconditionerUpdateProbability === null
    ? clamp(exp(mul(-1e-3, sub(step, 501))), 0.03, 1)
    : scalar(o.preconditionerUpdateProbability);

/** √(2⁻²³): how much of the probe is mixed into the gradient, so that no factor is fitted to zeros. */
const DAMPING = Math.sqrt(2 ** -23);

/** The gradient's average h with QᵀQ of every axis applied, no longer than 1.1 root mean square. */
export const scaleByKron = (o: PsgdOptions, probe: Probe = drawn): Transform => ({
  name: "psgd",
  init: (params) => ({
    m: mapTensors(params, zerosLike),
    q: forAxes(params, fitAxes, (axis, p) => {
      const scale = o.precondInitScale ** (1 / p.shape.length);
      const n = p.shape[axis]!;
      return diagonalAxes(o, p.shape)[axis]
        ? broadcastTo(constant(scale, { dtype: p.dtype }), [n])
        : mul(scale, identity(n, p.dtype));
    }),
    waited: scalar(0),
    updates: scalar(0),
  }),
  update: (grads, state, _, hyper) => {
    const b1 = momentumOr(hyper.momentum, o.b1);
    const m = mapKeeping(grads, (g, k) => ema((state["m"] as Tensors)[k]!, g, b1));
    const averaged = mapKeeping(m, (x) => div(x, biasCorrection(b1, hyper.step)));
    const waited = add(state["waited"] as Expr, 1);
    const due = ge(waited, div(1, fitProbability(o, hyper)));
    const updates = state["updates"] as Expr;
    const noise = probe(grads, hyper, updates);
    const q: Record<string, ByAxis> = {};
    const steps = mapKeeping(averaged, (h, name) => {
      const x = o.momentumIntoPrecondUpdate ? h : grads[name]!;
      const v = noise[name]!;
      const mixed = sizeOf(x.shape) === 0 ? x : add(x, mul(DAMPING, mul(mean(abs(x)), v)));
      q[name] = fit(axesOf(state["q"] as State, name), mixed, v, due, o.precondLr);
      const used = o.momentumIntoPrecondUpdate ? select(due, mixed, h) : h;
      const u = applyFactors(applyFactors(used, q[name]), q[name], true);
      return mul(u, min(1, div(1.1, add(rootMeanSquare(u), 1e-12))));
    });
    return [
      steps,
      { m, q, waited: select(due, scalar(0), waited), updates: add(updates, cast(due, "float64")) },
    ];
  },
});

const fitAxes = (shape: Shape): readonly number[] => (sizeOf(shape) === 0 ? [] : [...shape.keys()]);
