/** A built run for PyTorch: the project's files, torchrun's shape, and what more processes would bring. */
export { type Launch, requireEvenShares } from "./launch.ts";
export type { OnnxPort, OnnxType } from "./onnx/model-file.ts";
export { exportOnnx, type OnnxExport, type OnnxOptions } from "./onnx/onnx.ts";
export { type Device, devices, type Precision } from "./plan/devices.ts";
export { computeOnDevice } from "./plan/kernel-time.ts";
export { type MeasureOptions, measureCompute } from "./plan/measure-compute.ts";
export {
  type Check,
  computeFromFlops,
  type MeasuredRun,
  makePlan,
  type NoiseScale,
  type Plan,
  type PlanOptions,
  type PlanRow,
  type Sourced,
} from "./plan/plan.ts";
export { fitNetwork, type Link, type Network, ringAllReduce, ringPass, type Timing } from "./plan/ring.ts";
export {
  type BatchMode,
  type Compute,
  fitCompute,
  predictScaling,
  type Scaling,
  type ScalingOptions,
  type ScalingRow,
} from "./plan/scaling.ts";
export type { Shares } from "./plan/shards.ts";
export { type Flops, type StepCost, stepCost } from "./plan/step-cost.ts";
export { planningBackend } from "./planning-backend.ts";
export { type FileContent, initialCheckpoint, torchProject } from "./project.ts";
