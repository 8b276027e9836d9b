export { type CodeFor, scheduleCode } from "./code.ts";
export { chainSchedules, joinSchedules, scaleSchedule } from "./combinators.ts";
export { defineSchedule } from "./define.ts";
export type { Alias, Library, MakeContext, ScheduleRow } from "./entry.ts";
export {
  type LearningRate,
  learningRate,
  learningRateFromSpec,
  scaledRate,
  withMomentum,
} from "./learning-rate.ts";
export {
  commonOptions,
  type FoundSchedule,
  findSchedule,
  type MakeScheduleOptions,
  makeSchedule,
  scheduleFromSpec,
  stepScheduleFromSpec,
} from "./make.ts";
export { describeRange, type OptionSpec, type Options, type OptionType } from "./options.ts";
export { schedules } from "./table.ts";
export {
  isMetricSchedule,
  type MetricSchedule,
  type MetricState,
  type RunLengths,
  type Schedule,
  type ScheduleSpec,
} from "./types.ts";
