import { type LearningRate, learningRate, makeSchedule, type Options } from "../optim/index.ts";
import { SteepestError } from "../run/errors.ts";

/** A schedule of the table that depends on the step alone. */
export function timed(name: string, lr: number, options: Options, totalSteps: number): LearningRate {
  const rate = learningRate(makeSchedule(name, lr, options, { totalSteps }));
  if (!rate.followsMetric) return rate;
  throw new SteepestError("usage", `${name} follows a metric, not the step`, {
    help: "name another schedule",
  });
}
