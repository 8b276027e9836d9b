/** What an optimizer keeps and computes, counted on its own step for one matrix and for one vector. */
import { mean, mul, topologicalOrder } from "../../engine/graph/index.ts";
import { plainLayer } from "../../nn/layer.ts";
import type { OptimizerRow } from "../../optim/define.ts";
import { traceStep } from "../../train/trace.ts";
import { arithmeticOf, type Flops, numbersIn } from "./step-cost.ts";

/** For each weight of a tensor of that shape. */
export interface TensorCost {
  readonly shape: readonly number[];
  /** Numbers kept from step to step. */
  readonly state: number;
  /** Floating-point operations of an update. Those of `renewal` fall on the steps that renew what they give. */
  readonly operations: Flops;
}

export interface OptimizerCost {
  readonly matrix: TensorCost;
  readonly vector: TensorCost;
}

/** Side of the matrix: products of whole matrices cost the more a weight, the larger it is. */
const SIDE = 256;

/** Of an optimizer with its defaults. Counted, not compiled. */
export function optimizerCost(entry: OptimizerRow): OptimizerCost {
  const optimizer = entry.make({});
  const of = (shape: readonly number[]): TensorCost => {
    const weights = shape.reduce((a, b) => a * b, 1);
    const init = (): Float64Array => new Float64Array(weights);
    const { params, value, grads, state } = traceStep({
      model: plainLayer((x, { weight }) => mul(x, weight!), { weight: { shape, init } }),
      loss: (output) => mean(output),
      optimizer,
      batch: { x: shape },
    });
    const before = new Set(topologicalOrder([value, ...Object.values(grads), ...Object.values(params)]));
    const update = topologicalOrder(state.map((s) => s.next)).filter((node) => !before.has(node));
    const { matmul, elementwise, total, renewal } = arithmeticOf(update);
    const kept = state.map((s) => s.input).filter((i) => i.attrs.name.startsWith("optimizer."));
    const each = (x: number): number => x / weights;
    return {
      shape,
      state: each(numbersIn(kept)),
      operations: {
        matmul: each(matmul),
        elementwise: each(elementwise),
        total: each(total),
        renewal: each(renewal),
      },
    };
  };
  return { matrix: of([SIDE, SIDE]), vector: of([SIDE]) };
}
