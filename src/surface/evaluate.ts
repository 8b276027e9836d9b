/** A surface's values, gradients and curvature, compiled once and asked often. */
import type { Backend, Executable } from "../engine/backend.ts";
import { wasm } from "../engine/backends/wasm.ts";
import { type Expr, input, type Node, reshape, stack, type TypedArray, take } from "../engine/graph/index.ts";
import { gradients } from "../engine/rules/differentiate.ts";
import type { Surface } from "./types.ts";

/** The scalar f of a point given as one vector. */
export const valueAt = ({ f, variables }: Surface, point: Expr): Expr =>
  reshape(f(variables.map((_, i) => take(point, 0, i))), []);

/** A surface's value, gradient and Hessian at any point. */
export interface Evaluator {
  readonly value: (at: ArrayLike<number>) => number;
  /** A fresh array. */
  readonly gradient: (at: ArrayLike<number>) => Float64Array;
  /** Rows of the Hessian, row after row; a fresh array. */
  readonly hessian: (at: ArrayLike<number>) => Float64Array;
}

/** float64. The gradient and the Hessian are compiled when they are first asked for. */
export function evaluator(surface: Surface, { backend = wasm }: { backend?: Backend } = {}): Evaluator {
  const n = surface.variables.length;
  const point = input("point", [n], "float64");
  const value = valueAt(surface, point as Expr);
  const lazily = (make: () => Expr): ((at: ArrayLike<number>) => TypedArray) => {
    let program: Executable | null = null;
    return (at) => {
      program ??= backend.compile({
        inputs: [point],
        state: [],
        outputs: [{ name: "out", value: make() }],
      });
      program.view("point").set(at);
      program.run();
      return program.view("out");
    };
  };
  const slope = (): Expr => gradients(value, [point as Expr])[0]!;
  const curvature = (): Expr => {
    const g = slope();
    return stack(surface.variables.map((_, i) => gradients(take(g, 0, i), [point as Expr])[0]!));
  };
  const [valueOf, gradientOf, hessianOf] = [lazily(() => value), lazily(slope), lazily(curvature)];
  return {
    value: (at) => valueOf(at)[0]!,
    gradient: (at) => Float64Array.from(gradientOf(at)),
    hessian: (at) => Float64Array.from(hessianOf(at)),
  };
}

/** Values of a surface over a rectangle. */
export interface SurfaceGrid {
  readonly columns: number;
  readonly rows: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  /** Row after row from the least y, each from the least x. */
  readonly values: Float64Array;
}

/** The rectangle that `surfaceGrid` samples, and how finely. */
export interface GridOptions {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly columns?: number;
  readonly rows?: number;
  readonly backend?: Backend;
}

/** Values over a rectangle of two coordinates, ends included: what contours are drawn from. One run of one program. */
export function surfaceGrid(
  surface: Surface,
  { x, y, columns = 160, rows = 120, backend = wasm }: GridOptions,
): SurfaceGrid {
  const coordinates = surface.variables.map((name) => input(name, [rows * columns], "float64"));
  const program = backend.compile({
    inputs: coordinates,
    state: [],
    outputs: [{ name: "out", value: surface.f(coordinates) }],
  });
  const [xs, ys] = coordinates.map((c: Node<"input">) => program.view(c.attrs.name));
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      xs![r * columns + c] = x[0] + ((x[1] - x[0]) * c) / (columns - 1);
      ys![r * columns + c] = y[0] + ((y[1] - y[0]) * r) / (rows - 1);
    }
  }
  program.run();
  return { columns, rows, x, y, values: Float64Array.from(program.view("out")) };
}
