/** Schedules beside the learning rate's: of the momentum, of the weight decay, and of a parameter group's own rate. */
import { div, type Expr } from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { findOptimizer } from "../optimizers.ts";
import type { Schedule } from "../schedules/index.ts";
import type { Feed, Hyper, Transform } from "../transform.ts";

/** What is scheduled. */
export interface Scheduled {
  /** Momentum (Adam: β₁) of each step, counted from 0. */
  readonly momentum?: Schedule | undefined;
  /**
   * λ of each step, in place of the optimizer's; `"rate"`: the optimizer's times this step's rate over its own, so that
   * AdamW's decay goes with the rate's square (AdamC: Defazio 2025, arXiv 2506.02285).
   */
  readonly weightDecay?: Schedule | "rate" | undefined;
}

/** This step's value of a feed. Throws `schedule` where nobody feeds it. */
function fed({ feeds }: Hyper, name: string): Expr {
  const value = feeds?.[name];
  if (value !== undefined) return value;
  throw new SteepestError("schedule", `nothing here gives the schedule "${name}" its values`, {
    help: "train with trainStep, fit or a run file, or leave the schedule out",
  });
}

/** `inner` under other numbers of the step. */
const under = (inner: Transform, feeds: readonly Feed[], of: (hyper: Hyper) => Hyper): Transform => ({
  ...inner,
  feeds: [...(inner.feeds ?? []), ...feeds],
  update: (grads, state, params, hyper) => inner.update(grads, state, params, of(hyper)),
  ...(inner.measure && {
    measure: (grads, state, params, hyper) => inner.measure!(grads, state, params, of(hyper)),
  }),
});

/** `inner` at a rate of its own. `name` tells it from other schedules of the optimizer. */
export const withOwnRate = (inner: Transform, name: string, schedule: Schedule): Transform =>
  under(inner, [{ name, at: schedule }], (hyper) => ({ ...hyper, lr: fed(hyper, name) }));

/**
 * The optimizer with schedules of its momentum or weight decay. Throws `option` where it has no weight decay to schedule;
 * training throws where it has no momentum.
 */
export function scheduled(inner: Transform, { momentum, weightDecay }: Scheduled): Transform {
  const decay = weightDecay === undefined ? 0 : decayOf(inner);
  const feeds: Feed[] = [];
  if (momentum !== undefined) feeds.push({ name: "momentum", at: momentum });
  if (typeof weightDecay === "function")
    feeds.push({ name: "weightDecay", at: (k) => weightDecay(k) / decay });
  const base = inner.lr;
  if (weightDecay === "rate" && base === undefined) {
    throw new SteepestError("option", "weight decay goes with the rate, but the optimizer has none", {
      help: "give the optimizer an lr",
    });
  }
  return under(inner, feeds, (hyper) => ({
    ...hyper,
    ...(momentum !== undefined && { momentum: fed(hyper, "momentum") }),
    ...(typeof weightDecay === "function" && { weightDecay: fed(hyper, "weightDecay") }),
    ...(weightDecay === "rate" && { weightDecay: div(hyper.lr, base!) }),
  }));
}

/** The weight decay that an optimizer of the table was given, or its default. */
export function decayOf({ declared }: Transform): number {
  const row = declared === undefined ? undefined : findOptimizer(declared.name);
  const own = row?.options.find((o) => o.name === "weightDecay");
  const decay = own === undefined ? undefined : Number(declared!["weightDecay"] ?? own.default);
  if (decay !== undefined && decay > 0) return decay;
  throw new SteepestError(
    "option",
    decay === 0
      ? "the weight decay is scheduled, but it is 0"
      : "the optimizer has no weight decay to schedule",
    { help: "give an optimizer of the table with a weightDecay above 0" },
  );
}
