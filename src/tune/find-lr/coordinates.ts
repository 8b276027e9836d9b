/**
 * Coordinate check (Yang et al. 2022, appendix D.1): how far a few steps move what each layer gives. Where this grows or
 * falls with the width, so does the best learning rate.
 */
import { activationStep } from "../../train/activations.ts";
import type { BuiltRun } from "../../train/build.ts";

/** What the check found at one layer. */
export interface Coordinate {
  /** The layer by the name that its parameters begin with. */
  readonly layer: string;
  /** Mean size of an entry of its output at the start. */
  readonly size: number;
  /** Mean change of an entry over the steps. */
  readonly change: number;
}

/** Steps of the check: enough for each layer to have answered to the others' moves. */
const STEPS = 4;

/** Trains a fresh run for a few steps at its rate, and gives each layer's move on the first batch. The run has moved after that. */
export function coordinateCheck(
  run: BuiltRun,
  { steps = STEPS }: { steps?: number } = {},
): readonly Coordinate[] {
  const { parts, plan, data, step } = run;
  const names = layersOf(Object.keys(parts.model.params));
  const see = activationStep({
    model: parts.model,
    optimizer: parts.optimizer,
    dtype: parts.dtype ?? "float32",
    batch: { x: parts.shapes(plan.batchSize)["x"]! },
    names,
    state: step.state,
  });
  const x = step.inputs["x"]!.slice();
  plan.fill(0, data.features, data.target, x, null);
  const values = (): readonly Float64Array[] => {
    const found = see({ x });
    return names.map((name) => Float64Array.from(found[name]!.values));
  };
  const before = values();
  for (let k = 0; k < steps; k++) run.advance(k, run.lr);
  see.load(step.state);
  const after = values();
  return names.map((layer, i) => ({
    layer,
    size: meanOf(before[i]!, (v) => Math.abs(v)),
    change: meanOf(before[i]!, (v, j) => Math.abs(after[i]![j]! - v)),
  }));
}

/** Modules that hold a weight. */
const layersOf = (params: readonly string[]): string[] => [
  ...new Set(params.map((name) => name.slice(0, name.lastIndexOf(".")))),
];

function meanOf(values: Float64Array, f: (v: number, i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += f(values[i]!, i);
  return sum / values.length;
}
