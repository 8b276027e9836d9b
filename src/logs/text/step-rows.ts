/** Rows at the steps that lines name. */
import type { Recorder } from "../recorder.ts";
import type { LinePlan } from "./plan.ts";
import { createPending, type Found, type Line, type Place, type Rows } from "./rows.ts";

/** So many steps may one form of line count behind another: numbered from 0, or printed later. */
const LAG = 2;

export function createStepRows(recorder: Recorder, place: Place): Rows {
  const { put, hold, flush, isEmpty } = createPending(recorder);
  const withStep = new Set<string>();
  /** The step that each line form gave last. */
  const formStep = new Map<LinePlan, { step: number }>();

  const putAt = (found: readonly Found[], step: number, { plan, epoch, across }: Line): void => {
    const { step: last } = place;
    const before = plan && formStep.get(plan);
    // its own count goes on, only behind that of another form: no run begins
    const lags = last !== undefined && step < last && (before === undefined || step >= before.step);
    if (before) before.step = step;
    else if (plan) formStep.set(plan, { step });
    if (lags && last - step <= LAG) recorder.behind(step);
    else {
      recorder.row(step, across ? epoch : (epoch ?? place.epoch));
      place.step = step;
      flush();
    }
    for (const { name, value } of found) {
      withStep.add(name);
      put(name, value);
    }
  };
  return {
    hold,
    flush,
    put: (found, line) => {
      if (line.step !== undefined) {
        putAt(found, line.step, line);
        return;
      }
      const { step } = place;
      const placed =
        line.epoch === undefined && step !== undefined && !found.some((f) => withStep.has(f.name));
      if (!placed && !recorder.hasSteps && step === undefined) return;
      if (placed || !recorder.hasSteps) recorder.row(step, place.epoch);
      // a line without a step says something about the step before it, but is another series
      for (const { curve, name, value } of found) {
        if (curve.role !== "epoch") put(withStep.has(name) ? `${name} (unnumbered)` : name, value);
      }
    },
    count: (step, epoch) => {
      if (step === undefined) return;
      place.step = step;
      if (isEmpty()) return;
      recorder.row(step, epoch ?? place.epoch);
      flush();
    },
    head: () => {},
    mayStart: () => {},
  };
}
