/** Batches of a data set into compiled programs: steps over the training rows, means over held-out ones. */
import { type BatchPlan, batchPlan, type Dataset, rowCount, type Samples } from "../data/index.ts";
import type { EvalStep } from "./forward.ts";
import type { SizedStep, StepResult, StoredState, TrainStep } from "./program.ts";
import type { BatchShapes } from "./trace.ts";

/** Rows per evaluation call. */
const EVAL_ROWS = 1000;

/** Shapes of a batch of so many rows of a data set. */
export function batchShapes({ features, target }: Samples, rows: number): BatchShapes {
  return {
    x: shapeOf(features, rows),
    ...(target.kind === "none" ? {} : { y: shapeOf(target, rows) }),
  };
}

const shapeOf = (rows: Samples["features"], n: number): { shape: number[]; dtype?: "int32" } => ({
  shape: [n, ...rows.shape.slice(1)],
  ...(rows.data instanceof Int32Array ? { dtype: "int32" as const } : {}),
});

export interface StepperParts {
  readonly plan: BatchPlan;
  readonly data: Dataset;
  readonly step: TrainStep;
  /** Whether an epoch's rows are other ones than the last one's. */
  readonly streamed?: boolean;
}

/** Step k, from 0, on its own batch; batches may grow, and an epoch's last one may be smaller. */
export function stepper({
  plan,
  data,
  step,
  streamed = false,
}: StepperParts): (k: number, lr: number, momentum?: number) => StepResult {
  const { features, target } = data;
  const whole = plan.batchSize;
  const fill = (to: SizedStep, k: number): void => {
    plan.fill(k, features, target, to.inputs["x"]!, to.inputs["y"] ?? null);
  };
  if (whole === plan.n && plan.stages.length === 1 && !streamed) {
    // one batch holds all rows: it is written once
    let filled = false;
    return (k, lr, momentum) => {
      if (!filled) fill(step, k);
      filled = true;
      return step.run(k + 1, lr, momentum);
    };
  }
  return (k, lr, momentum) => {
    const rows = plan.sizeOf(k);
    const now = rows === whole ? step : step.sized(rows);
    fill(now, k);
    return now.run(k + 1, lr, momentum);
  };
}

/** Measures over all rows at the state that `step` has: weighted means of batches, summed in float64. */
export function evaluator(
  step: { readonly state: readonly StoredState[] },
  compile: (rows: number) => EvalStep,
): (samples: Samples) => Readonly<Record<string, number>> {
  const programs = new Map<number, EvalStep>();
  const programFor = (rows: number): EvalStep => {
    const found = programs.get(rows) ?? compile(rows);
    programs.set(rows, found);
    return found;
  };
  return ({ features, target }) => {
    const n = rowCount(features);
    const plan = batchPlan({ n, batchSize: Math.min(n, EVAL_ROWS), shuffle: false });
    const totals: Record<string, number> = {};
    const loaded = new Set<EvalStep>();
    for (let k = 0; k < plan.stepsPerEpoch; k++) {
      const rows = plan.sizeOf(k);
      const program = programFor(rows);
      if (!loaded.has(program)) program.load(step.state);
      loaded.add(program);
      plan.fill(k, features, target, program.inputs["x"]!, program.inputs["y"] ?? null);
      for (const [name, value] of Object.entries(program.run()))
        totals[name] = (totals[name] ?? 0) + (value * rows) / n;
    }
    return totals;
  };
}
