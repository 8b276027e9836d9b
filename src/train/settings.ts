/** What of a run file can be checked before any data is read: a typo should not wait for a large file. */
import { checkBatchSizes } from "../data/index.ts";
import { makeClip } from "../optim/clip/index.ts";
import { chain, makeOptimizer, type Transform } from "../optim/index.ts";
import { type LearningRate, learningRate, learningRateFromSpec } from "../optim/schedules/index.ts";
import { SteepestError } from "../run/errors.ts";
import type { RunSpec } from "../run/spec.ts";
import type { GivenParts } from "./host.ts";

export interface Settings {
  readonly spec: RunSpec;
  /** The clip, where there is one, then the optimizer. */
  readonly optimizer: Transform;
  /** Base learning rate. */
  readonly lr: number;
}

/** Throws `option`, and what `makeOptimizer`, `makeClip` and `makeSchedule` throw. */
export function checkSettings(declared: RunSpec, given?: GivenParts): Settings {
  const spec = withOnePrediction(declared);
  const { name } = spec.optimizer;
  if (spec.optimizer.lr === "auto") {
    throw new SteepestError("option", 'the learning rate is "auto" and has not been looked for', {
      where: "at optimizer.lr",
      help: "steepest train looks for it; elsewhere run steepest find-lr first and write the number it gives",
    });
  }
  const optimizer =
    given?.optimizer.as === spec.optimizer ? given.optimizer.transform : clippedOptimizer(spec);
  const lr = optimizer.lr ?? ratesOf(given)?.lrAt(0);
  if (lr === undefined || !(lr > 0 && Number.isFinite(lr))) {
    throw new SteepestError("option", `${name}: lr is ${lr ?? "not given"}`, {
      help: "give lr a positive number",
    });
  }
  if (typeof spec.batchSize === "object") checkBatchSizes(spec.batchSize);
  // lengths are not known yet: any will do to see that names and options are right
  learningRateFromSpec(spec.schedule, lr, { totalSteps: 1000, stepsPerEpoch: 10 });
  return { spec, optimizer, lr };
}

/** The rate of a schedule that is given as a function. */
export const ratesOf = (given: GivenParts | undefined): LearningRate | undefined =>
  given?.schedule === undefined ? undefined : learningRate(given.schedule);

/** The optimizer behind the clip, where there is one. Throws what `makeOptimizer` and `makeClip` throw. */
export function clippedOptimizer({ optimizer, clip }: Pick<RunSpec, "optimizer" | "clip">): Transform {
  const { name, ...options } = optimizer;
  const own = makeOptimizer(name, options);
  return clip === undefined ? own : chain(makeClip(clip), own);
}

/** A transformer on text predicts the character after every position unless one of the two says otherwise. */
function withOnePrediction(spec: RunSpec): RunSpec {
  const { data, model } = spec;
  if (!("text" in data) || !("kind" in model) || model.kind !== "transformer") return spec;
  const predict = data.predict ?? model.predict ?? "every";
  if ((model.predict ?? predict) !== predict) {
    throw new SteepestError(
      "option",
      `data.predict is "${predict}" but model.predict is "${model.predict}"`,
      { help: "give predict once, at data or at model" },
    );
  }
  return { ...spec, data: { ...data, predict }, model: { ...model, predict } };
}
