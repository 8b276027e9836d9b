import { SteepestError } from "../../run/errors.ts";
import type { MetricState } from "./types.ts";

/** JSON has no infinity: the largest number stands for an infinite metric, which nothing beats. */
export const finite = (x: number): number => Math.min(Math.max(x, -Number.MAX_VALUE), Number.MAX_VALUE);

/** The number a schedule saved under this key. Throws `schedule-state` where there is none. */
export function savedNumber(schedule: string, state: MetricState, key: string): number {
  const value = state[key];
  if (typeof value === "number") return value;
  throw new SteepestError("schedule-state", `${schedule}'s state has no number "${key}"`, {
    help: `restore a state that ${schedule} saved`,
  });
}
