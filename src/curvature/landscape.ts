/**
 * The loss over a plane through a network's weights: Li et al. 2018, "Visualizing the Loss Landscape of Neural Nets".
 * Vectors are flat: all parameters in order, row-major.
 */
import { stream } from "../random/index.ts";
import { NonFiniteError, SteepestError } from "../run/errors.ts";
import { type LanczosOptions, lanczos } from "./lanczos.ts";
import type { Objective } from "./objective.ts";
import { addScaled, denseOperator, dot, norm } from "./operator.ts";

/** A direction in the space of all parameters. */
export interface PlaneAxis {
  readonly vector: Float64Array;
  /** Of the Hessian's axes: the curvature along it. */
  readonly eigenvalue?: number;
  /** Of a path's axes: the share of the path's squared distances from the origin that lies along it. */
  readonly share?: number;
}

/** origin + a·u + b·v. */
export interface Plane {
  readonly origin: Float64Array;
  readonly axes: readonly [u: PlaneAxis, v: PlaneAxis];
}

/**
 * Two random directions, each filter as long as the filter of `origin` (Li et al. 2018, section 4): the rows of
 * matrices and kernels, one for each unit or channel. Biases and scales of norms, of one dimension, stay.
 * `shapes` are those of the parameters in order. Throws `option` where they do not fill `origin`.
 */
export function filterPlane(
  origin: Float64Array,
  shapes: readonly (readonly number[])[],
  { seed = 0 }: { readonly seed?: number } = {},
): Plane {
  const sizes = shapes.map((s) => s.reduce((a, b) => a * b, 1));
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total !== origin.length) {
    throw new SteepestError("option", `the shapes hold ${total} numbers, the point has ${origin.length}`, {
      help: "give the shape of every parameter, in the point's order",
    });
  }
  const axis = (name: string): PlaneAxis => {
    const vector = stream(seed, `landscape.${name}`).normal(origin.length);
    let at = 0;
    shapes.forEach((shape, i) => {
      const filters = shape.length < 2 ? 1 : shape[0]!;
      const length = sizes[i]! / Math.max(1, filters);
      for (let f = 0; f < filters; f++, at += length) {
        const part = vector.subarray(at, at + length);
        if (shape.length < 2) part.fill(0);
        else scale(part, norm(origin.subarray(at, at + length)) / norm(part));
      }
    });
    return { vector };
  };
  return { origin: origin.slice(), axes: [axis("u"), axis("v")] };
}

/**
 * The two directions in which the loss curves most: eigenvectors of the Hessian's largest eigenvalues, by Lanczos.
 * Throws `curvature` for fewer than two parameters.
 */
export async function hessianPlane(
  objective: Objective,
  options: Omit<LanczosOptions, "edges" | "leading"> = {},
): Promise<Plane> {
  const { leading } = await lanczos(objective.hessian, {
    tolerance: 1e-2,
    maxIterations: 40,
    ...options,
    edges: "largest",
    leading: 2,
  });
  if (leading.length < 2) {
    throw new SteepestError("curvature", "the Hessian has one direction here, and a plane needs two", {
      help: "look along the run's path or along random directions instead",
    });
  }
  const axis = (i: 0 | 1): PlaneAxis => ({ vector: leading[i]!.vector, eigenvalue: leading[i]!.value });
  return { origin: objective.point(), axes: [axis(0), axis(1)] };
}

/**
 * The two directions along which a run moved most: principal components of its points seen from the last (Li et al.
 * 2018, section 7). Throws `option` for fewer than three points, or points on one line.
 */
export async function pathPlane(points: readonly ArrayLike<number>[]): Promise<Plane> {
  const origin = Float64Array.from(points.at(-1) ?? []);
  const moved = points.slice(0, -1).map((p) => {
    const away = Float64Array.from(p);
    addScaled(away, -1, origin);
    return away;
  });
  const gram = moved.map((a) => moved.map((b) => dot(a, b)));
  const whole = gram.reduce((sum, row, i) => sum + row[i]!, 0);
  const leading =
    moved.length < 2 || whole === 0
      ? []
      : (
          await lanczos(denseOperator(gram), { edges: "largest", leading: 2, tolerance: 1e-8 })
        ).leading.filter(({ value }) => value > 1e-12 * whole);
  if (leading.length < 2) {
    throw new SteepestError("option", "the path has too few different points to span a plane", {
      help: "give three points or more that do not lie on one line, or take another plane",
    });
  }
  const axis = (i: 0 | 1): PlaneAxis => {
    const { value, vector } = leading[i]!;
    const along = new Float64Array(origin.length);
    moved.forEach((m, k) => addScaled(along, vector[k]! / Math.sqrt(value), m));
    return { vector: along, share: value / whole };
  };
  return { origin, axes: [axis(0), axis(1)] };
}

/** Where a point's shadow falls on the plane, and how far above it the point is. */
export interface Shadow {
  readonly at: readonly [a: number, b: number];
  /** Distance of the point from the plane, and from the origin, both Euclidean. */
  readonly off: number;
  readonly distance: number;
}

/** The nearest point of the plane, by least squares: the axes need not be orthogonal. */
export function shadowOn({ origin, axes: [u, v] }: Plane, point: ArrayLike<number>): Shadow {
  const away = Float64Array.from(point);
  addScaled(away, -1, origin);
  const [uu, uv, vv] = [dot(u.vector, u.vector), dot(u.vector, v.vector), dot(v.vector, v.vector)];
  const [ua, va] = [dot(u.vector, away), dot(v.vector, away)];
  const det = uu * vv - uv * uv;
  const [a, b] = [(vv * ua - uv * va) / det, (uu * va - uv * ua) / det];
  const distance = norm(away);
  addScaled(away, -a, u.vector);
  addScaled(away, -b, v.vector);
  return { at: [a, b], off: norm(away), distance };
}

/** The loss at places of a plane. */
export interface PlaneGrid {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly columns: number;
  readonly rows: number;
  /** Row after row from the least b, each from the least a; ends included. NaN where the loss is not finite. */
  readonly values: Float64Array;
}

/** Options of `planeGrid`. */
export interface PlaneGridOptions {
  /** Ends of a and of b. */
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  /** Samples along each, at least 2. Default 25. */
  readonly columns?: number;
  readonly rows?: number;
  /** Called after every row of samples, with how many samples are made; false ends the work. */
  readonly onStep?: (made: number) => Promise<boolean>;
}

/** Samples the loss over a rectangle of the plane, and leaves the objective where it was. Null: ended by `onStep`. */
export async function planeGrid(
  objective: Objective,
  { origin, axes: [u, v] }: Plane,
  { x, y, columns = 25, rows = 25, onStep }: PlaneGridOptions,
): Promise<PlaneGrid | null> {
  if (!(columns >= 2 && rows >= 2)) {
    throw new SteepestError("option", `a grid needs two columns and two rows, not ${columns} × ${rows}`, {
      help: "give at least 2 of each",
    });
  }
  const values = new Float64Array(columns * rows);
  const before = objective.point();
  const point = new Float64Array(origin.length);
  const between = ([from, to]: readonly [number, number], i: number, n: number): number =>
    from + ((to - from) * i) / (n - 1);
  try {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        point.set(origin);
        addScaled(point, between(x, c, columns), u.vector);
        addScaled(point, between(y, r, rows), v.vector);
        objective.moveTo(point);
        values[r * columns + c] = lossOrNaN(objective);
      }
      if (onStep && !(await onStep((r + 1) * columns))) return null;
    }
  } finally {
    objective.moveTo(before);
  }
  return { x, y, columns, rows, values };
}

function lossOrNaN(objective: Objective): number {
  try {
    return objective.loss();
  } catch (error) {
    if (error instanceof NonFiniteError) return Number.NaN;
    throw error;
  }
}

function scale(v: Float64Array, by: number): void {
  for (let i = 0; i < v.length; i++) v[i] = v[i]! * by;
}
