/** Lines in their order → rows of a recorder, by the plans of their templates. */
import type { Recorder } from "../recorder.ts";
import { createCountedRows } from "./counted-rows.ts";
import type { Decision } from "./decide.ts";
import type { LinePlan } from "./plan.ts";
import type { Found, Place } from "./rows.ts";
import { createScope } from "./scope.ts";
import { type At, createStepCount } from "./step-count.ts";
import { createStepRows } from "./step-rows.ts";

export interface Walker {
  /** One line: `at(column)` gives its numbers. */
  line(template: number, at: At): void;
  end(): void;
}

/** What the order of the lines shows: forms at which a run begins, and those whose steps go on over the epochs. */
export interface Shown {
  readonly starts: ReadonlySet<number>;
  readonly across: ReadonlySet<number>;
}

export function createWalker(
  { plans, clock }: Decision,
  recorder: Recorder,
  { starts, across }: Shown,
): Walker {
  const place: Place = { epoch: undefined, step: undefined };
  const rows = (clock === "step" ? createStepRows : createCountedRows)(recorder, place);
  const steps = createStepCount([...plans.values()], recorder, across);
  const scope = createScope();
  /** What an evaluation under way has shown last. */
  const evaluation = new Map<string, Found>();

  const endEvaluation = (): void => {
    if (evaluation.size === 0) return;
    const found = [...evaluation.values()];
    evaluation.clear();
    rows.put(found, {});
  };
  const leaveOut = ({ curves }: LinePlan): void => recorder.leaveOut(curves.some((c) => c.role === "loss"));
  const enterEpoch = (plan: LinePlan, epoch: number): void => {
    if (place.epoch !== undefined && epoch < place.epoch) steps.beginAgain();
    if (!plan.telling) scope.pass(epoch);
    place.epoch = epoch;
    if (!plan.telling) rows.head(plan, epoch);
  };

  return {
    line(id, at) {
      if (starts.has(id)) rows.mayStart();
      const plan = plans.get(id);
      if (!plan) return;
      if (plan.rank >= 0 && at(plan.rank) > plan.judged[plan.rank]!.behaviour.min) return leaveOut(plan);
      if (plan.summary) {
        for (const c of plan.curves) recorder.meta[c.name] = at(c.column);
        return;
      }
      const epoch = epochOf(plan, at);
      if (epoch !== undefined) enterEpoch(plan, epoch);
      if (steps.isReset(plan, epoch, at)) return leaveOut(plan);
      if (plan.telling && scope.isBatch(plan, at, place.epoch)) {
        leaveOut(plan);
        for (const one of measurements(plan, at, true)) evaluation.set(one.name, one);
        return;
      }
      const step = plan.telling || plan.clocks ? steps.stepOf(plan, at, place.epoch) : undefined;
      if (plan.phase !== null) scope.open(plan.phase, { epoch: place.epoch, step: step ?? place.step });
      if (!plan.telling) {
        rows.count(step, epoch);
        return;
      }
      const found = measurements(plan, at, scope.holds(plan, { epoch, step }));
      if (plan.partial) {
        for (const one of found) evaluation.set(one.name, one);
        return;
      }
      endEvaluation();
      if (plan.pending) rows.hold(found);
      else rows.put(found, { plan, step, epoch, across: across.has(id) });
    },
    end() {
      endEvaluation();
      rows.flush();
    },
  };
}

/** The epoch that a line names. */
function epochOf({ counters, curves }: LinePlan, at: At): number | undefined {
  let epoch = counters.epoch >= 0 ? at(counters.epoch) : undefined;
  for (const c of curves) if (c.role === "epoch") epoch ??= at(c.column);
  return Number.isNaN(epoch) ? undefined : epoch;
}

/** `held`: they are of held-out data. */
function measurements({ curves }: LinePlan, at: At, held: boolean): Found[] {
  const found: Found[] = [];
  for (const curve of curves) {
    if (curve.nameless) continue;
    let value = at(held && curve.mean >= 0 ? curve.mean : curve.column);
    for (const part of curve.parts) value += at(part);
    if (curve.share >= 0) value /= at(curve.share);
    found.push({
      curve,
      name: held ? curve.heldName : curve.name,
      value: curve.log ? Math.log(value) : value,
    });
  }
  return found;
}
