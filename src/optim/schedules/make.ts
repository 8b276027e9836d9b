import { closest, SteepestError } from "../../run/errors.ts";
import type { Alias, ScheduleRow } from "./entry.ts";
import { badOption, choice, number, type OptionSpec, type Options, resolveOptions } from "./options.ts";
import { schedules } from "./table.ts";
import {
  isMetricSchedule,
  type MetricSchedule,
  type RunLengths,
  type Schedule,
  type ScheduleSpec,
} from "./types.ts";

/** What `findSchedule` found under a name. */
export interface FoundSchedule {
  readonly entry: ScheduleRow;
  /** The other library's name, when it was found under that. */
  readonly alias: Alias | null;
}

const byName: ReadonlyMap<string, FoundSchedule> = new Map(
  schedules.flatMap((entry): [string, FoundSchedule][] => [
    ...entry.elsewhere.map((alias): [string, FoundSchedule] => [alias.name, { entry, alias }]),
    [entry.name, { entry, alias: null }],
  ]),
);

/** The row for a name, ours or another library's. Throws SteepestError with the nearest name when there is none. */
export function findSchedule(name: string, at: string = "schedule"): FoundSchedule {
  const found = byName.get(name);
  if (found) return found;
  const near = closest(name, byName.keys());
  throw new SteepestError("unknown-schedule", `there is no schedule "${name}"`, {
    where: `at ${at}.name`,
    help: near ? `did you mean "${near}"?` : `the schedules are ${schedules.map((s) => s.name).join(", ")}`,
  });
}

/** Options that every schedule takes beside its own. */
export const commonOptions: {
  readonly lr: OptionSpec<number | null>;
  readonly unit: OptionSpec<"step" | "epoch" | "fractional-epoch">;
  readonly stepsPerEpoch: OptionSpec<number | null>;
} = {
  lr: number("Replaces the optimizer's learning rate.", { min: 0, otherwise: "the optimizer's" }),
  unit: choice(
    "What the schedule counts: optimizer steps, finished epochs (PyTorch's step() once an epoch), or epochs with fractions.",
    ["step", "epoch", "fractional-epoch"],
    { default: "step" },
  ),
  stepsPerEpoch: number("Only for a unit of epochs.", { above: 0, filledFrom: "stepsPerEpoch" }),
};

/** What `makeSchedule` may know of the run. */
export interface MakeScheduleOptions extends RunLengths {
  /** The place of the schedule in the run file, for error messages. */
  readonly at?: string;
}

/**
 * Makes a schedule from its name (ours, or PyTorch's, Hugging Face's, optax's, Keras's, fastai's, with the option
 * names of that library) and its options.
 *
 * `run` holds what only the run knows: options whose `filledFrom` names a length take it when they are not given.
 * Throws SteepestError for an unknown name (`unknown-schedule`) and for an option that is unknown, missing or out of
 * range (`schedule-option`), naming the key.
 */
export function makeSchedule(
  name: string,
  lr: number,
  options: Options = {},
  { at = "schedule", ...run }: MakeScheduleOptions = {},
): Schedule | MetricSchedule {
  const { entry, alias } = findSchedule(name, at);
  const own = alias ? translate(alias, options, at) : options;

  const common: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(own)) {
    if (Object.hasOwn(commonOptions, key)) common[key] = value;
    if (!Object.hasOwn(commonOptions, key) || Object.hasOwn(entry.options, key)) rest[key] = value;
  }
  const resolved = resolveOptions(name, commonOptions, common, { at, run });
  const baseLr = resolved["lr"] ?? lr;
  if (typeof baseLr !== "number" || !Number.isFinite(baseLr) || baseLr < 0)
    throw badOption(at, "lr", `the learning rate is ${String(baseLr)}`, "it must be a finite number ≥ 0");

  const perUnit = unitLength(resolved, at);
  const lengths: RunLengths =
    perUnit === null || run.totalSteps === undefined ? run : { ...run, totalSteps: run.totalSteps / perUnit };
  const alsoKnown = [...Object.keys(commonOptions), ...Object.keys(alias?.options ?? {})];
  const complete = resolveOptions(name, entry.options, rest, { at, run: lengths, alsoKnown });
  const made = entry.make(baseLr, complete, {
    at,
    run: lengths,
    build: buildSpec,
  });
  if (perUnit === null) return made;
  if (isMetricSchedule(made))
    throw badOption(at, "unit", `${name} counts observations of its metric`, "leave out unit");
  return inEpochs(made, perUnit, resolved["unit"] === "epoch");
}

/** As makeSchedule, for a schedule that is given as data. */
export function scheduleFromSpec(
  spec: ScheduleSpec,
  lr: number,
  run: MakeScheduleOptions = {},
): Schedule | MetricSchedule {
  const { name, ...options } = spec;
  return makeSchedule(name, lr, options, run);
}

/** As `scheduleFromSpec`, for what only a function of the step can move. Throws `option` for one that follows a metric. */
export function stepScheduleFromSpec(
  spec: ScheduleSpec,
  base: number,
  run: MakeScheduleOptions = {},
): Schedule {
  const { at = "schedule" } = run;
  const made = scheduleFromSpec(spec, base, run);
  if (!isMetricSchedule(made)) return made;
  throw new SteepestError("option", `${at} is ${spec.name}, which follows a metric`, {
    where: `at ${at}`,
    help: "give a schedule of the step; only the learning rate's own may follow a metric",
  });
}

const buildSpec = (spec: ScheduleSpec, lr: number, at: string, run: RunLengths): Schedule | MetricSchedule =>
  scheduleFromSpec(spec, lr, { ...run, at });

/** The other library's option names and defaults → ours. */
function translate(alias: Alias, options: Options, at: string): Options {
  const renamed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    const ours = alias.options && Object.hasOwn(alias.options, key) ? alias.options[key]! : key;
    if (Object.hasOwn(renamed, ours))
      throw badOption(
        at,
        key,
        `${key} and ${ours} are the same option of ${alias.name}`,
        "give only one of them",
      );
    renamed[ours] = value;
  }
  const complete = { ...alias.preset, ...renamed };
  return alias.adapt ? alias.adapt(complete) : complete;
}

/** Steps in one unit of the schedule's counting, null when it counts steps. */
function unitLength(common: Options, at: string): number | null {
  if (common["unit"] === "step") return null;
  const { stepsPerEpoch } = common;
  if (typeof stepsPerEpoch === "number") return stepsPerEpoch;
  throw badOption(
    at,
    "unit",
    "a schedule that counts epochs needs stepsPerEpoch",
    "give stepsPerEpoch (training fills it in where all epochs have as many steps)",
  );
}

function inEpochs(inner: Schedule, stepsPerEpoch: number, whole: boolean): Schedule {
  const count = (k: number): number => (whole ? Math.floor(k / stepsPerEpoch) : k / stepsPerEpoch);
  const { momentumAt } = inner;
  const counted = (k: number): number => inner(count(k));
  return momentumAt ? Object.assign(counted, { momentumAt: (k: number) => momentumAt(count(k)) }) : counted;
}
