export { closest, type ErrorDetails, formatError, SteepestError } from "./errors.ts";
export {
  type LogFormat,
  type LogNote,
  type Objective,
  type ReadColumn,
  type Reading,
  type Role,
  type RunLog,
  type Series,
  seriesOf,
} from "./log.ts";
export { type Clock, type LongWork, type StopSignal, systemClock } from "./long-work.ts";
export { applyOverrides, type Override, parseOverrides, parseValue } from "./overrides.ts";
export { parseRun } from "./parse-run.ts";
export { type ParsedText, parseRunText } from "./run-file.ts";
export { runJsonSchema } from "./run-schema.ts";
export {
  type BatchSizes,
  type DataSpec,
  type GroupSpec,
  type ModelSpec,
  type ModuleSpec,
  type Named,
  type OtherSchedules,
  type Path,
  type RunInput,
  type RunSpec,
  showPath,
} from "./spec.ts";
export type { Elsewhere, Row, Source } from "./table.ts";
export { version } from "./version.ts";
