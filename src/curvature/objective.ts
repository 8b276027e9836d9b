/** A loss over named parameters as a function of one flat vector, with its gradient and its Hessian's products. */
import type { Backend, Executable } from "../engine/backend.ts";
import {
  type Expr,
  input,
  type Node,
  sizeOf,
  type TypedArray,
  topologicalOrder,
} from "../engine/graph/index.ts";
import { gradients, hessianVectorProduct, type Tensors } from "../engine/rules/differentiate.ts";
import { NonFiniteError, SteepestError } from "../run/errors.ts";
import type { SymmetricOperator } from "./operator.ts";

/** A twice differentiable function at a point that can be moved. Vectors are flat: the parameters in order, row-major. */
export interface Objective {
  readonly size: number;
  /** Where loss, gradient and Hessian are taken. */
  readonly moveTo: (point: ArrayLike<number>) => void;
  /** A copy of where that is. */
  readonly point: () => Float64Array;
  /** Throws `non-finite`. */
  readonly loss: () => number;
  /** Writes the gradient into `out` and returns the loss. Throws `non-finite`. */
  readonly gradient: (out: Float64Array) => number;
  /** Products with the Hessian at the point, wherever it is moved. */
  readonly hessian: SymmetricOperator;
}

/** What `lossProgram` compiles. */
export interface LossProgramOptions {
  /** Inputs of the parameters' shapes. */
  readonly params: Tensors;
  /** A scalar that depends on `params` and inputs. */
  readonly loss: Expr;
  readonly backend: Backend;
}

/** Fills the inputs that are no parameters: called with the memory of each by name. */
export type Fill = (view: (name: string) => TypedArray | null) => void;

/** The compiled loss. Each of the three programs is compiled when it is first asked for. */
export interface LossProgram {
  readonly size: number;
  readonly loss: (point: Float64Array, fill: Fill) => number;
  readonly gradient: (point: Float64Array, out: Float64Array, fill: Fill) => number;
  readonly product: (point: Float64Array, v: Float64Array, out: Float64Array, fill: Fill) => void;
}

interface Program {
  readonly run: (point: Float64Array, v: Float64Array | null, fill: Fill) => void;
  readonly read: (out: Float64Array) => void;
  readonly loss: () => number;
}

/**
 * Compiles a loss, its gradient and its Hessian-vector product as functions of one flat vector of
 * parameters. Each is compiled when it is first asked for.
 */
export function lossProgram({ params, loss, backend }: LossProgramOptions): LossProgram {
  const names = Object.keys(params);
  const wrt = names.map((name) => params[name]!);
  const sizes = wrt.map((e) => sizeOf(e.shape));
  const size = sizes.reduce((a, b) => a + b, 0);
  const directions = wrt.map((e, i) => input(`direction.${names[i]}`, e.shape, e.dtype) as Expr);

  const compile = (vectors: readonly Expr[]): Program => {
    const outputs = [
      { name: "out.loss", value: loss },
      ...vectors.map((value, i) => ({ name: `out.${names[i]}`, value })),
    ];
    const inputs = topologicalOrder(outputs.map((o) => o.value)).filter((e) => e.op === "input");
    const executable = backend.compile({ inputs, state: [], outputs });
    const known = new Set(inputs.map((e) => e.attrs.name));
    const view = (name: string): TypedArray | null => (known.has(name) ? executable.view(name) : null);
    const scatter = (from: Float64Array, to: readonly (TypedArray | null)[]): void => {
      let at = 0;
      to.forEach((values, i) => {
        values?.set(from.subarray(at, at + sizes[i]!));
        at += sizes[i]!;
      });
    };
    const nameOf = (e: Expr): string => (e as Node<"input">).attrs.name;
    const points = wrt.map((e) => view(nameOf(e)));
    const vs = directions.map((e) => view(nameOf(e)));
    return {
      run: (point, v, fill) => {
        fill(view);
        scatter(point, points);
        if (v !== null) scatter(v, vs);
        executable.run();
      },
      read: (out) => gather(executable, names, sizes, out),
      loss: () => executable.view("out.loss")[0]!,
    };
  };
  const lossOnly = lazy(() => compile([]));
  const withGradient = lazy(() => compile(gradients(loss, wrt)));
  const withProduct = lazy(() => compile(twice(() => hessianVectorProduct(loss, wrt, directions))));
  return {
    size,
    loss: (point, fill) => {
      const program = lossOnly();
      program.run(point, null, fill);
      return program.loss();
    },
    gradient: (point, out, fill) => {
      const program = withGradient();
      program.run(point, null, fill);
      program.read(out);
      return program.loss();
    },
    product: (point, v, out, fill) => {
      const program = withProduct();
      program.run(point, v, fill);
      program.read(out);
    },
  };
}

function gather(
  executable: Executable,
  names: readonly string[],
  sizes: readonly number[],
  out: Float64Array,
): void {
  let at = 0;
  names.forEach((name, i) => {
    out.set(executable.view(`out.${name}`), at);
    at += sizes[i]!;
  });
}

/** A derivative rule that can't be applied names its operation; here is what was asked of it. */
function twice<T>(derive: () => T): T {
  try {
    return derive();
  } catch (error) {
    if (!(error instanceof SteepestError)) throw error;
    throw new SteepestError(
      "not-differentiable",
      `the loss can't be differentiated twice: ${error.message}`,
      {
        help: "curvature needs second derivatives: use a smooth operation there, or leave the analysis out",
        cause: error,
      },
    );
  }
}

const lazy = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => (made ??= make());
};

/** The objective of one program whose other inputs `fill` writes. */
export function objectiveOf(program: LossProgram, start: ArrayLike<number>, fill: Fill): Objective {
  const at = Float64Array.from(start);
  checkSize(at.length, program.size);
  return {
    size: program.size,
    moveTo: (point) => {
      checkSize(point.length, program.size);
      at.set(point);
    },
    point: () => at.slice(),
    loss: () => finiteLoss(program.loss(at, fill)),
    gradient: (out) => finiteLoss(program.gradient(at, out, fill)),
    hessian: { size: program.size, apply: (v, out) => program.product(at, v, out, fill) },
  };
}

function checkSize(got: number, wanted: number): void {
  if (got === wanted) return;
  throw new SteepestError("curvature", `a point has ${wanted} coordinates, got ${got}`, {
    help: "give all parameters in one flat array, in the model's order",
  });
}

/** Throws `non-finite` for a loss that has no neighbourhood to look at. */
export function finiteLoss(loss: number): number {
  if (Number.isFinite(loss)) return loss;
  throw new NonFiniteError(`the loss is ${loss} at these parameters`, {
    help: "curvature is that of a finite loss: look at an earlier checkpoint, use a smaller learning rate, or scale the data",
  });
}
