export { type ActivationStep, type ActivationStepOptions, activationStep } from "./activations.ts";
export { type BuildOptions, type BuiltParts, type BuiltRun, buildRun, type ChooseLate } from "./build.ts";
export { type Best, encodeCheckpoint, type Progress, restoreCheckpoint } from "./checkpoint.ts";
export { buildCodeRun, type CodeRun, declareRun, type FitLoss, type FitRun } from "./code-run.ts";
export { defineRun, type Run } from "./define-run.ts";
export type { FitStream } from "./feed.ts";
export { type FitOptions, type FitResult, type FitState, type FitStep, fit } from "./fit.ts";
export type { Example, Examples, FitData, FitSource, Nested, NumberArray, Tensor } from "./fit-data.ts";
export {
  type EvalStep,
  type EvalStepOptions,
  evalStep,
  type PredictStep,
  type PredictStepOptions,
  predictStep,
} from "./forward.ts";
export type { BuildHost, GivenParts } from "./host.ts";
export { type RunLandscape, type RunLandscapeOptions, runLandscape } from "./landscape.ts";
export { LANDSCAPE_PLANES, type LandscapePlane } from "./landscape-planes.ts";
export { type Hyper, type LateOptions, type LateRun, lateRun } from "./late-run.ts";
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
export { flatParameters, type ObjectiveOptions, type RunObjective, runObjective } from "./objective.ts";
export type { LossContext } from "./pass.ts";
export {
  type SizedStep,
  type StateTensor,
  type StepResult,
  type TrainStep,
  type TrainStepOptions,
  trainStep,
} from "./program.ts";
export type { RunStore } from "./recorder.ts";
export { decodeSafeTensors, encodeSafeTensors, type SafeTensors, type StoredTensor } from "./safetensors.ts";
export {
  type BatchShapes,
  type BatchTensors,
  type LossFunction,
  type StepParts,
  type TracedStep,
  traceStep,
} from "./trace.ts";
export { loadWeights, requireSameCharacters, saveWeights } from "./weights.ts";
