/** One optimizer's path, at the rate that its lane or the choice for all gives. */
import {
  findOptimizer,
  type OptimizerRow,
  resolveOptions,
  type ScheduleSpec,
  schedules,
} from "steepest/optim";
import { parseValue, SteepestError } from "steepest/run";
import { createDescent, follow, RATES, type Trajectory, tunedTrajectory } from "steepest/surface";
import type { Ground, Opened } from "./ground.ts";
import type { Lane } from "./lanes.ts";
import { takeAway } from "./take-away.ts";
import type { policies } from "./view.ts";

export interface Request {
  readonly ground: Ground;
  readonly lanes: readonly Lane[];
  readonly rates: (typeof policies)[number];
  readonly lr: number;
  readonly times: number;
  /** NaN: the surface's own. */
  readonly from: readonly [number, number];
  readonly steps: number;
  readonly noise: number;
  readonly seed: number;
}

export interface Ran {
  readonly lane: Lane;
  readonly entry: OptimizerRow;
  readonly lr: number;
  readonly path: Trajectory;
  readonly lastSlope: number;
  /** Of the program it ran on. */
  readonly key: string;
  /** The largest rate that is stable at a curvature; null where it depends on more than that. */
  readonly limit: ((curvature: number) => number) | null;
  /** The same path on the command line, and as a call. */
  readonly command: string;
  readonly code: string;
}

type Options = Readonly<Record<string, unknown>>;

/** "momentum=0.9,nesterov=true" → options, checked. Throws `option` or `optimizer`. */
export function readOptions(optimizer: string, written: string): Options {
  const pairs = written.split(/,(?![^[]*\])/).filter((pair) => pair.trim() !== "");
  const options = Object.fromEntries(
    pairs.map((pair) => {
      const [, key, value] = /^\s*([\w-]+)\s*=\s*(.+)$/s.exec(pair) ?? [];
      if (key === undefined) {
        throw new SteepestError("option", `${JSON.stringify(pair)} is not option=value`, {
          help: "write for example momentum=0.9, or betas=[0.9,0.99]",
        });
      }
      return [key, parseValue(value!.trim())];
    }),
  );
  findOptimizer(optimizer).make(options);
  return options;
}

export function runLane(
  { surface, evaluate, descents, best }: Opened,
  lane: Lane,
  { request, from }: { readonly request: Request; readonly from: readonly number[] },
): Ran {
  const entry = findOptimizer(lane.optimizer);
  const options = readOptions(lane.optimizer, lane.options);
  const optimizer = { name: entry.name, ...options };
  const { steps, noise, seed, rates, times } = request;

  const automatic = (): number => {
    if (rates === "same") return request.lr;
    if (rates === "default") return entry.make(options).lr!;
    const key = JSON.stringify([optimizer, steps]);
    const lr = best.get(key) ?? bestRate({ surface, optimizer, steps });
    best.set(key, lr);
    return lr;
  };
  const lr = (lane.lr ?? automatic()) * times;
  const schedule = scheduleOf(lane.schedule);
  const settings = {
    optimizer,
    ...(lane.schedule === "constant" ? {} : { schedule, steps }),
    ...(noise > 0 ? { noise: { sigma: noise, seed } } : {}),
  };
  const key = JSON.stringify(settings);
  const descent = descents.get(key) ?? createDescent({ surface, ...settings, from, lr });
  descents.set(key, descent);
  descent.reset({ from, lr });
  const path = follow(descent, { surface, ...settings, steps, terms: true }, evaluate);
  return {
    lane,
    entry,
    lr,
    path,
    key,
    lastSlope: Math.hypot(...descent.gradient),
    limit: limitOf(entry, options),
    ...takeAway(surface, request, { optimizer, lane, schedule, lr, from }),
  };
}

/** Larger ones win by a lucky leap at most. */
const LARGEST = 1;

/** Each rate is tried for as many steps as are shown, from the surface's own start, without noise or schedule. */
function bestRate(
  of: Pick<Parameters<typeof tunedTrajectory>[0], "surface" | "optimizer" | "steps">,
): number {
  return tunedTrajectory(of, { rates: RATES.filter((r) => r <= LARGEST) }).lr;
}

/** With the example's options, less the lengths that the run fills in. */
function scheduleOf(name: string): ScheduleSpec {
  const entry = schedules.find((s) => s.name === name);
  const kept = Object.entries(entry?.example ?? {}).filter(([key]) => !entry?.options[key]?.filledFrom);
  return { name, ...Object.fromEntries(kept) };
}

function limitOf(entry: OptimizerRow, options: Options): Ran["limit"] {
  const { stabilityLimit } = entry;
  if (stabilityLimit === undefined || stabilityLimit.preconditioner !== undefined) return null;
  const specs = Object.fromEntries(entry.options.map(({ name, ...spec }) => [name, spec]));
  const resolved = resolveOptions(entry.name, specs, options);
  return (curvature) => stabilityLimit.limit(resolved, curvature);
}
