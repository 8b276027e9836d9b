/** What one training step costs: bytes held by one process, and arithmetic, counted on the traced graph. */
import { type Expr, isView } from "../../engine/graph/expr.ts";
import { bytesOf, type DType, type Shape, sizeOf, topologicalOrder } from "../../engine/graph/index.ts";
import { primitives } from "../../engine/graph/primitives.ts";
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
  /** Floating-point operations of forward, backward and optimizer; a multiply-add is two. */
  readonly flops: { readonly matmul: number; readonly elementwise: number; readonly total: number };
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
  const matmul = sum(nodes.map(matmulFlops));
  const elementwise = sum(nodes.filter((n) => primitives[n.op].flops === 1).map(elementsTouched));
  return {
    parameters: sum(Object.values(params).map((p) => sizeOf(p.shape))),
    bytes: { ...bytesHeld, total: sum(Object.values(bytesHeld)) },
    flops: { matmul, elementwise, total: matmul + elementwise },
  };
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
