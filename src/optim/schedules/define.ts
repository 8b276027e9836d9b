import type { MakeContext, ScheduleRow } from "./entry.ts";
import type { OptionSpec, Options, ValuesOf } from "./options.ts";
import type { MetricSchedule, Schedule } from "./types.ts";

interface Definition<S extends Readonly<Record<string, OptionSpec>>>
  extends Omit<ScheduleRow, "options" | "make"> {
  readonly options: S;
  readonly make: (lr: number, options: ValuesOf<S>, context: MakeContext) => Schedule | MetricSchedule;
}

/** A row of the table whose `make` sees its options with the types that their specifications declare. */
export function defineSchedule<const S extends Readonly<Record<string, OptionSpec>>>(
  definition: Definition<S>,
): ScheduleRow {
  const { make } = definition;
  // resolveOptions is the only caller's source of `options`: it returns exactly the declared keys, checked.
  return {
    ...definition,
    make: (lr, options: Options, context) => make(lr, options as ValuesOf<S>, context),
  };
}
