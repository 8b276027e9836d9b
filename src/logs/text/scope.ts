/** "Testing…": whether a line stands in what a line before it said, or training goes on. */
import type { LinePlan } from "./plan.ts";
import type { At } from "./step-count.ts";

interface Where {
  readonly epoch: number | undefined;
  readonly step: number | undefined;
}

export interface Scope {
  /** A line said that held-out data (true) or the training's follow. */
  open(held: boolean, where: Where): void;
  /** A line that only names its epoch: the next one's says that the evaluation is over. */
  pass(epoch: number): void;
  /** The line's numbers are of held-out data; `epoch` and `step` are those that it says itself. */
  holds(plan: LinePlan, where: Where): boolean;
  /** "step 10/88" behind "step 614/614", in the same form of line: a batch of the evaluation at the epoch's end. */
  isBatch(plan: LinePlan, at: At, epoch: number | undefined): boolean;
}

export function createScope(): Scope {
  let scope: (Where & { readonly held: boolean; readonly seen: Set<number> }) | null = null;
  /** Line forms met outside an evaluation. */
  const trained = new Set<number>();
  /** The last line of a training whose N is not always the same. */
  let batch: { readonly epoch: number | undefined; readonly total: number; readonly isLast: boolean } | null =
    null;
  return {
    isBatch: (plan, at, epoch) => {
      const { step } = plan.counters;
      if (step < 0 || plan.stepTotal < 0 || plan.judged[plan.stepTotal]!.behaviour.constant) return false;
      const total = at(plan.stepTotal);
      const foreign =
        batch !== null &&
        total !== batch.total &&
        epoch !== undefined &&
        epoch === batch.epoch &&
        (scope?.held === true || batch.isLast);
      if (!foreign) batch = { epoch, total, isLast: at(step) === total };
      return foreign;
    },
    open: (held, where) => {
      scope = { ...where, held, seen: new Set() };
    },
    pass: (epoch) => {
      if (scope?.held && scope.epoch !== undefined && epoch !== scope.epoch) scope = null;
    },
    holds: (plan, { epoch: own, step }) => {
      if (!scope || plan.trains) {
        if (scope?.held && plan.trains) scope = null;
        trained.add(plan.template.id);
        return false;
      }
      // the training's own line, further on than the evaluation began
      const goesOn =
        step !== undefined &&
        scope.step !== undefined &&
        step > scope.step &&
        plan.stepTotal < 0 &&
        trained.has(plan.template.id);
      const later =
        goesOn ||
        (own !== undefined
          ? scope.epoch !== undefined && own !== scope.epoch
          : step !== undefined && step !== scope.step);
      if (later || scope.seen.has(plan.template.id)) {
        if (scope.held) scope = null;
        return false;
      }
      if (own === undefined && step === undefined) scope.seen.add(plan.template.id);
      return scope.held;
    },
  };
}
