/** What one training step costs: bytes held by one process, and arithmetic, counted on the traced graph. */
import { type Expr, isView } from "../../engine/graph/expr.ts";
import { bytesOf, type DType, type Shape, sizeOf, topologicalOrder } from "../../engine/graph/index.ts";
import { primitives } from "../../engine/graph/primitives.ts";
import type { MatrixFunctionName } from "../../engine/matrix/functions.ts";
import { type StepParts, traceStep } from "../../train/trace.ts";

/** What one step costs on one process: memory, arithmetic, bytes to send. */
export interface StepCost {
  /** Number of trained values. */
  readonly parameters: number;
  readonly bytes: {
    readonly parameters: number;
    readonly gradients: number;
    readonly optimizerState: number;
    readonly buffers: number;
    readonly batch: number;
    /** Values of the forward pass that the backward pass reads again. */
    readonly activations: number;
    readonly total: number;
  };
  /** Of forward, backward and optimizer. */
  readonly flops: Flops;
}

/** Floating-point operations; a multiply-add is two. */
export interface Flops {
  readonly matmul: number;
  readonly elementwise: number;
  /** Both. */
  readonly total: number;
  /**
   * Of eigenvectors, inverse roots and the like, beside `total`: a step that renews them pays it, the others nothing. Leading
   * terms of the usual counts (Golub & Van Loan, Matrix Computations, 5.2, 8.3 and 3.1).
   */
  readonly renewal: number;
}

/** Counts without compiling, so a model too large for this machine is counted too. */
export function stepCost(parts: StepParts): StepCost {
  const { data, params, buffers, value, grads, state, outputs } = traceStep(parts);
  const stateInputs = state.map((s) => s.input);
  const ofState = (prefix: string): number =>
    sum(stateInputs.filter((n) => n.attrs.name.startsWith(prefix)).map(bytes));
  const bytesHeld = {
    parameters: sum(Object.values(params).map(bytes)),
    gradients: sum(Object.values(grads).map(bytes)),
    optimizerState: ofState("optimizer."),
    buffers: sum(Object.values(buffers).map(bytes)),
    batch: sum(Object.values(data).map(bytes)),
    activations: sum(savedForBackward(value, Object.values(grads)).map(bytes)),
  };
  const nodes = topologicalOrder([...state.map((s) => s.next), ...outputs.map((o) => o.value)]);
  return {
    parameters: sum(Object.values(params).map((p) => sizeOf(p.shape))),
    bytes: { ...bytesHeld, total: sum(Object.values(bytesHeld)) },
    flops: arithmeticOf(nodes),
  };
}

/** Of nodes as they are computed one by one. */
export function arithmeticOf(nodes: readonly Expr[]): Flops {
  const matmul = sum(nodes.map(matmulFlops));
  const elementwise = sum(nodes.filter((n) => primitives[n.op].flops === 1).map(elementsTouched));
  return { matmul, elementwise, total: matmul + elementwise, renewal: sum(nodes.map(matrixFlops)) };
}

/** Numbers in tensors, all together. */
export const numbersIn = (tensors: readonly { readonly shape: Shape }[]): number =>
  sum(tensors.map((t) => sizeOf(t.shape)));

/** Of functions of an [n, n] or, for systems, [n, m]: reduction, QL and turning along; products and QR; both; substitution. */
const MATRIX_FLOPS: Readonly<Record<MatrixFunctionName, (n: number, m: number) => number>> = {
  eigenvectors: (n) => 9 * n ** 3,
  powerIteration: (n) => (2 + 8 / 3) * n ** 3,
  inverseRoot: (n) => (9 + 2) * n ** 3,
  solveTransposed: (n, m) => n * n * m,
};

function matrixFlops(node: Expr): number {
  if (node.op !== "matrixFunction") return 0;
  const [n, m] = node.shape as readonly [number, number];
  return MATRIX_FLOPS[node.attrs.fn.name](n, m);
}

/** Forward values that a node of the backward pass takes as input, each once, views counted as what they show. */
function savedForBackward(loss: Expr, grads: readonly Expr[]): Expr[] {
  const forward = new Set(topologicalOrder([loss]));
  const saved = new Set<Expr>();
  for (const node of topologicalOrder(grads)) {
    if (forward.has(node)) continue;
    for (const input of node.inputs) {
      const seen = shown(input);
      if (forward.has(seen) && primitives[seen.op].kind !== "leaf") saved.add(seen);
    }
  }
  return [...saved];
}

/** A view costs nothing to keep: what it shows is kept. */
function shown(node: Expr): Expr {
  while (isView(node) || node.op === "stopGradient") node = node.inputs[0]!;
  return node;
}

function matmulFlops(node: Expr): number {
  if (node.op !== "matmul") return 0;
  const [a] = node.inputs;
  const inner = a!.shape.at(node.attrs.transposeA ? -2 : -1)!;
  return 2 * sizeOf(node.shape) * inner;
}

/** One operation per element: of the output, or of what is reduced or scattered. */
const elementsTouched = (node: Expr): number =>
  Math.max(sizeOf(node.shape), ...node.inputs.map((i) => sizeOf(i.shape)));

const bytes = ({ shape, dtype }: { readonly shape: Shape; readonly dtype: DType }): number =>
  sizeOf(shape) * bytesOf[dtype];

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
