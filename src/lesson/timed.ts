import { isMetricSchedule, makeSchedule, type Options, type Schedule } from "../optim/index.ts";
import { SteepestError } from "../run/errors.ts";

/** A schedule of the table that depends on the step alone. */
export function timed(name: string, lr: number, options: Options, totalSteps: number): Schedule {
  const schedule = makeSchedule(name, lr, options, { totalSteps });
  if (!isMetricSchedule(schedule)) return schedule;
  throw new SteepestError("usage", `${name} follows a metric, not the step`, {
    help: "name another schedule",
  });
}
