export { type BatchStage, batchSizesOf, checkBatchSizes, lrFactor, type SizedStep } from "./batch-sizes.ts";
export { type BatchPlan, batchPlan } from "./batches.ts";
export {
  type ColumnEncoding,
  type DataArray,
  type Dataset,
  type FloatDType,
  type Rows,
  rowCount,
  rowSize,
  type Samples,
  type Scaling,
  type TableEncoding,
  type Target,
  type TargetKind,
} from "./dataset.ts";
export type { ByteStream, DataHost } from "./host.ts";
export { type LoadOptions, loadData } from "./load.ts";
export { memoryHost } from "./memory-host.ts";
export { type Source, sourceNames, sources } from "./sources/index.ts";
export type { CsvSpec, DataSpec, IdxSpec, NpySpec, SourceSpec, TextSpec } from "./spec.ts";
