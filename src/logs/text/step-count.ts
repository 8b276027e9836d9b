/** The step of a line: as it is printed, or counted on over the epochs where it begins again with each. */
import type { Recorder } from "../recorder.ts";
import type { LinePlan } from "./plan.ts";

/** The numbers of a line. */
export type At = (column: number) => number;

export interface StepCount {
  stepOf(plan: LinePlan, at: At, epoch: number | undefined): number | undefined;
  isReset(plan: LinePlan, own: number | undefined, at: At): boolean;
  /** The epochs begin again. */
  beginAgain(): void;
}

/** Writes the length of an epoch and of the run into the recorder's meta. `across`: forms that count over the epochs. */
export function createStepCount(
  plans: readonly LinePlan[],
  recorder: Recorder,
  across: ReadonlySet<number>,
): StepCount {
  const closing = closingEpoch(plans);
  let epochBase: number | undefined;
  let barOffset = 0;
  let barLast = 0;
  let barTotal = 0;
  const barCourse = createCourse();
  const epochLines = epochLineCounts(plans);
  /** The epoch whose bar is at its end. */
  let doneEpoch: number | undefined;

  /** A count that starts again with every epoch, made to run on. */
  const runOn = (n: number, total: number, epochHere: number | undefined, loss = Number.NaN): number => {
    if (epochHere !== undefined && Number.isInteger(epochHere)) {
      epochBase ??= epochHere === 0 ? 0 : 1;
      return Math.max(0, epochHere - epochBase) * total + n;
    }
    const again = n < barLast && barCourse.isBack(loss);
    if (n < barLast && total === barTotal && barLast >= 0.9 * total && !again) barOffset += total;
    else if (n < barLast || (total !== barTotal && barCourse.isEmpty)) barOffset = 0;
    barCourse.goOn(loss, barOffset === 0 && n < barLast);
    barLast = n;
    barTotal = total;
    return barOffset + n;
  };

  const stepOf: StepCount["stepOf"] = (plan, at, epoch) => {
    const { step, epoch: own, nested } = plan.counters;
    if (step < 0) return undefined;
    const n = at(step);
    if (plan.stepTotal < 0) return plan.perEpoch > 0 ? runOn(n, plan.perEpoch, epoch) : n;
    const total = at(plan.stepTotal);
    const trains = plan.curves.some((c) => c.role === "loss");
    const named = plan.judged[step]!.meaning.role === "step";
    if (own >= 0) {
      if (nested && trains) recorder.meta["stepsPerEpoch"] = total;
      else if (!nested && n <= total) recorder.meta["maxSteps"] = total;
      return nested ? runOn(n, total, epoch) : n;
    }
    const here = closing === null ? epoch : epoch === undefined ? closing : epoch + 1;
    const within = here !== undefined && plan.template.rows > 1 && restarts(plan);
    if (across.has(plan.template.id) || (named && !within)) {
      if (n <= total) recorder.meta["maxSteps"] = total;
      return n;
    }
    if (here !== undefined && (trains || recorder.meta["stepsPerEpoch"] === undefined))
      recorder.meta["stepsPerEpoch"] = total;
    if (countsEpochs(plan, total, epochLines)) return n;
    const loss = plan.curves.find((c) => c.role === "loss" && !c.nameless);
    return runOn(n, total, here, loss && at(loss.column));
  };

  /** "Epoch 3: 0/31" behind "Epoch 3: 31/31": Lightning's bar, drawn anew before it is called epoch 4. */
  const isReset: StepCount["isReset"] = (plan, own, at) => {
    if (own === undefined || plan.counters.step < 0 || plan.stepTotal < 0) return false;
    const n = at(plan.counters.step);
    if (n === 0 && own === doneEpoch) return true;
    doneEpoch = n > 0 && n === at(plan.stepTotal) ? own : undefined;
    return false;
  };

  return {
    stepOf,
    isReset,
    beginAgain: () => {
      epochBase = undefined;
    },
  };
}

/** The first epoch's number where an epoch is named on the line that ends it, after its batches; else null. */
function closingEpoch(plans: readonly LinePlan[]): number | null {
  const first = (of: readonly LinePlan[]): number => Math.min(...of.map((p) => p.template.first));
  const batches = plans.filter(
    (p) =>
      p.counters.step >= 0 &&
      p.counters.epoch < 0 &&
      p.stepTotal >= 0 &&
      p.curves.some((c) => c.role === "loss"),
  );
  const epochs = plans.filter((p) => p.counters.epoch >= 0 && p.counters.step < 0 && p.template.rows > 1);
  if (batches.length === 0 || epochs.length === 0 || first(batches) > first(epochs)) return null;
  return Math.min(...epochs.map((p) => p.judged[p.counters.epoch]!.behaviour.min));
}

/** Forms of line that name an epoch and how many there are: N → how often such a form came. */
function epochLineCounts(plans: readonly LinePlan[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { counters, judged, template } of plans) {
    const total = counters.step < 0 ? (judged[counters.epoch]?.slot.total ?? -1) : -1;
    const behaviour = judged[total]?.behaviour;
    if (behaviour?.constant)
      counts.set(behaviour.min, Math.max(counts.get(behaviour.min) ?? 0, template.rows));
  }
  return counts;
}

/** A bar without a name that comes once a line "epoch n/N", with the same N: it is a bar of epochs. */
function countsEpochs({ template }: LinePlan, total: number, lines: ReadonlyMap<number, number>): boolean {
  return Math.abs((lines.get(total) ?? -9) - template.rows) <= 1;
}

/** The way of the loss since its first value. */
interface Course {
  /** No loss yet: what was counted so far are other things, such as parts of a checkpoint. */
  readonly isEmpty: boolean;
  goOn(loss: number, anew: boolean): void;
  /** Is this value back where the course began or above, from far away? */
  isBack(loss: number): boolean;
}

function createCourse(): Course {
  let [first, last, moved, points] = [Number.NaN, Number.NaN, 0, 0];
  return {
    get isEmpty() {
      return points === 0;
    },
    goOn(loss, anew) {
      if (!Number.isFinite(loss)) return;
      if (anew || points === 0) [first, moved, points] = [loss, 0, 0];
      else moved += Math.abs(loss - last);
      points++;
      last = loss;
    },
    isBack(loss) {
      const way = first - last;
      return way > (4 * moved) / points && loss - last > 0.7 * way;
    },
  };
}

/** Its step falls now and then: it counts within epochs. */
function restarts(plan: LinePlan): boolean {
  return plan.judged[plan.counters.step]!.behaviour.falls > 0;
}
