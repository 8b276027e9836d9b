/** What of a run file can be checked before any data is read: a typo should not wait for a large file. */
import { checkBatchSizes } from "../data/index.ts";
import { patternOf } from "../nn/freeze.ts";
import { isMup } from "../nn/width.ts";
import { makeClip } from "../optim/clip/index.ts";
import {
  chain,
  findOptimizer,
  type Group,
  makeOptimizer,
  parameterGroups,
  scheduled,
  type Transform,
} from "../optim/index.ts";
import {
  type LearningRate,
  learningRate,
  learningRateFromSpec,
  type RunLengths,
  stepScheduleFromSpec,
} from "../optim/schedules/index.ts";
import { decayOf } from "../optim/wrappers/scheduled.ts";
import { SteepestError } from "../run/errors.ts";
import type { GroupSpec, RunSpec } from "../run/spec.ts";
import type { GivenParts } from "./host.ts";
import { checkWidthRates } from "./width-rates.ts";

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
  if (isMup(spec.model)) checkWidthRates(spec);
  if (spec.optimizer.lr === "auto") {
    throw new SteepestError("option", 'the learning rate is "auto" and has not been looked for', {
      where: "at optimizer.lr",
      help: "steepest train looks for it; elsewhere run steepest find-lr first and write the number it gives",
    });
  }
  const optimizer =
    given?.optimizer.as === spec.optimizer ? given.optimizer.transform : clippedOptimizer(spec, ANY_LENGTH);
  const lr = optimizer.lr ?? ratesOf(given)?.lrAt(0);
  if (lr === undefined || !(lr > 0 && Number.isFinite(lr))) {
    throw new SteepestError("option", `${name}: lr is ${lr ?? "not given"}`, {
      help: "give lr a positive number",
    });
  }
  if (typeof spec.batchSize === "object") checkBatchSizes(spec.batchSize);
  learningRateFromSpec(spec.schedule, lr, ANY_LENGTH);
  return { spec, optimizer, lr };
}

/** The rate of a schedule that is given as a function. */
export const ratesOf = (given: GivenParts | undefined): LearningRate | undefined =>
  given?.schedule === undefined ? undefined : learningRate(given.schedule);

/** Lengths are not known before the data is: any will do to see that names and options are right. */
const ANY_LENGTH = { totalSteps: 1000, stepsPerEpoch: 10 };

/**
 * The optimizer with its groups and schedules, behind the clip where there is one. Throws what `makeOptimizer`, `makeClip` and
 * `makeSchedule` throw.
 */
export function clippedOptimizer(
  { optimizer, clip, groups, schedules }: Pick<RunSpec, "optimizer" | "clip" | "groups" | "schedules">,
  lengths: RunLengths = ANY_LENGTH,
): Transform {
  const { name, ...options } = optimizer;
  const plain = makeOptimizer(name, options);
  const grouped =
    groups === undefined
      ? plain
      : {
          ...parameterGroups(
            name,
            options,
            groups.map((g) => groupOf(g, plain.lr!, lengths)),
          ),
          declared: plain.declared!,
        };
  const { weightDecay } = schedules ?? {};
  const decay =
    weightDecay === undefined || weightDecay === "rate"
      ? weightDecay
      : stepScheduleFromSpec(weightDecay, decayOf(plain), { ...lengths, at: "schedules.weightDecay" });
  const own = decay === undefined ? grouped : scheduled(grouped, { weightDecay: decay });
  return clip === undefined ? own : chain(makeClip(clip), own);
}

function groupOf({ params, schedule, ...options }: GroupSpec, lr: number, lengths: RunLengths): Group {
  const own = options.lr ?? lr;
  return {
    match: patternOf(params),
    options,
    ...(schedule !== undefined && {
      schedule: stepScheduleFromSpec(schedule, own, { ...lengths, at: "groups.schedule" }),
    }),
  };
}

/** The momentum, or Adam's β₁, of an optimizer of the table. Throws `option` for one that has none. */
export function momentumOf({ optimizer: { name, ...given } }: Pick<RunSpec, "optimizer">): number {
  const { options } = findOptimizer(name)!;
  for (const key of ["momentum", "betas"]) {
    const own = options.find((o) => o.name === key);
    if (own === undefined) continue;
    const value = given[key] ?? own.default;
    return Number(Array.isArray(value) ? value[0] : value);
  }
  throw new SteepestError("option", `schedules.momentum is given, but ${name} has no momentum`, {
    where: "at schedules.momentum",
    help: "leave it out, or take an optimizer with momentum or betas",
  });
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
