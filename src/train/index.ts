export { type BuiltParts, type BuiltRun, buildRun } from "./build.ts";
export { type Best, encodeCheckpoint, type Progress, restoreCheckpoint } from "./checkpoint.ts";
export { defineRun, type Run } from "./define-run.ts";
export type { BuildHost } from "./host.ts";
export { runLog } from "./log.ts";
export {
  type TrainOptions,
  type TrainOutcome,
  type TrainProgress,
  train,
} from "./loop.ts";
export type { CustomModel, ModelSizes } from "./model.ts";
export { type InputRecord, type ModelRecord, modelRecord } from "./model-record.ts";
export { type RunNoiseOptions, runNoiseScale } from "./noise.ts";
export { type ObjectiveOptions, type RunObjective, runObjective } from "./objective.ts";
export {
  type BatchShapes,
  type BatchTensors,
  type EvalStep,
  type EvalStepOptions,
  evalStep,
  type LossFunction,
  type PredictStep,
  type PredictStepOptions,
  predictStep,
  type StateTensor,
  type StepResult,
  type TrainStep,
  type TrainStepOptions,
  trainStep,
} from "./program.ts";
export type { RunStore } from "./recorder.ts";
export { decodeSafeTensors, encodeSafeTensors, type SafeTensors, type StoredTensor } from "./safetensors.ts";
export { type StepParts, type TracedStep, traceStep } from "./trace.ts";
