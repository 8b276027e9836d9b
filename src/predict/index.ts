export type { EvaluateSource, Evaluation } from "./evaluate.ts";
export { type GenerateOptions, generate, type TextWriter } from "./generate.ts";
export type { Prediction } from "./interpret.ts";
export { type LoadedRun, type LoadOptions, loadRun } from "./load-run.ts";
export type { CalibrationBin, ClassMetrics, NumberMetrics, PerClass } from "./metrics.ts";
export type { RowFormat } from "./read-rows.ts";
export type { TrainedModel } from "./trained-model.ts";
