/** Lines in their order → rows of a recorder, by the plans of their templates. */
import type { Recorder } from "../recorder.ts";
import type { Curve } from "./curves.ts";
import type { Decision } from "./decide.ts";
import type { LinePlan } from "./plan.ts";

export interface Walker {
  /** One line: `at(column)` gives its numbers. */
  line(template: number, at: (column: number) => number): void;
  end(): void;
}

interface Held {
  readonly curve: Curve;
  readonly name: string;
  readonly value: number;
}

const MAX_NAMES = 512;
/** So many steps may one form of line count behind another: numbered from 0, or printed later. */
const LAG = 2;

/** `starts`: forms of lines at which a run begins. */
export function createWalker(
  decision: Decision,
  recorder: Recorder,
  starts: ReadonlySet<number> = new Set(),
): Walker {
  const { plans, clock } = decision;
  const closing = closingEpoch([...plans.values()]);
  let epoch: number | undefined;
  let epochBase: number | undefined;
  let barOffset = 0;
  let barLast = 0;
  let barTotal = 0;
  /** The epoch whose bar is at its end. */
  let doneEpoch: number | undefined;
  let lastStep: number | undefined;
  let pending: Held[] = [];
  const evaluation = new Map<string, Held>();
  let scope: {
    held: boolean;
    epoch: number | undefined;
    step: number | undefined;
    seen: Set<number>;
  } | null = null;
  /** Line forms met outside an evaluation. */
  const trained = new Set<number>();
  const withStep = new Set<string>();
  let rowNames = new Set<string>();
  let rowEpoch: number | undefined;
  const rowLines = new Set<string>();
  /** The step that each line form gave last. */
  const formStep = new Map<number, number>();
  /** The last line that named its epoch was one already read. */
  let echoing = false;
  /** A form of line at which runs begin stood before this one. */
  let mayStart = false;
  /** The epoch that each line form named last. */
  const headed = new Map<number, number>();

  const put = (name: string, value: number): void => {
    if (recorder.names.length >= MAX_NAMES && !recorder.names.includes(name)) {
      recorder.note("too-many-series", `more than ${MAX_NAMES} names: later ones are not kept`);
      return;
    }
    recorder.put(recorder.series(name), value);
  };

  /** A count that starts again with every epoch, made to run on. */
  const runOn = (n: number, total: number, epochHere: number | undefined): number => {
    if (epochHere !== undefined && Number.isInteger(epochHere)) {
      epochBase ??= epochHere === 0 ? 0 : 1;
      return Math.max(0, epochHere - epochBase) * total + n;
    }
    if (n < barLast && total === barTotal && barLast >= 0.9 * total) barOffset += total;
    else if (n < barLast) barOffset = 0;
    barLast = n;
    barTotal = total;
    return barOffset + n;
  };

  const stepOf = (plan: LinePlan, at: (column: number) => number): number | undefined => {
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
    if (named && !(here !== undefined && plan.template.rows > 1 && restarts(plan))) {
      if (n <= total) recorder.meta["maxSteps"] = total;
      return n;
    }
    if (here !== undefined && (trains || recorder.meta["stepsPerEpoch"] === undefined))
      recorder.meta["stepsPerEpoch"] = total;
    return runOn(n, total, here);
  };

  /** "Epoch 3: 0/31" behind "Epoch 3: 31/31": Lightning's bar, drawn anew before it is called epoch 4. */
  const isReset = (plan: LinePlan, own: number | undefined, at: (column: number) => number): boolean => {
    if (own === undefined || plan.counters.step < 0 || plan.stepTotal < 0) return false;
    const n = at(plan.counters.step);
    if (n === 0 && own === doneEpoch) return true;
    doneEpoch = n > 0 && n === at(plan.stepTotal) ? own : undefined;
    return false;
  };

  const flush = (): void => {
    for (const { name, value } of pending) put(name, value);
    pending = [];
  };

  const endEvaluation = (): void => {
    if (evaluation.size === 0) return;
    const found = [...evaluation.values()];
    evaluation.clear();
    if (clock === "step") stepRow(found, undefined, undefined);
    else countedRow(found, undefined);
  };

  const heldHere = (plan: LinePlan, own: number | undefined, step: number | undefined): boolean => {
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
  };

  return {
    line(id, at) {
      if (starts.has(id)) mayStart = true;
      const plan = plans.get(id);
      if (!plan) return;
      if (plan.rank >= 0 && at(plan.rank) > plan.judged[plan.rank]!.behaviour.min) return;
      let own = plan.counters.epoch >= 0 ? at(plan.counters.epoch) : undefined;
      for (const c of plan.curves) if (c.role === "epoch") own ??= at(c.column);
      if (own !== undefined && Number.isNaN(own)) own = undefined;
      if (plan.summary) {
        for (const c of plan.curves) recorder.meta[c.name] = at(c.column);
        return;
      }
      if (own !== undefined) {
        if (epoch !== undefined && own < epoch) epochBase = undefined;
        // the next epoch's own line: the evaluation is over
        if (!plan.telling && scope?.held && scope.epoch !== undefined && own !== scope.epoch) scope = null;
        epoch = own;
      }
      if (own !== undefined && !plan.telling && clock === "row") {
        if (own <= (headed.get(id) ?? Number.NEGATIVE_INFINITY) && beginsAgain(plan, own)) startAgain();
        headed.set(id, own);
      }
      if (isReset(plan, own, at)) return;
      const step = plan.telling || plan.clocks ? stepOf(plan, at) : undefined;
      if (plan.phase !== null) scope = { held: plan.phase, epoch, step: step ?? lastStep, seen: new Set() };
      if (!plan.telling) {
        counted(step, own);
        return;
      }
      const held = heldHere(plan, own, step);
      const found: Held[] = [];
      for (const curve of plan.curves) {
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
      if (plan.partial) {
        for (const one of found) evaluation.set(one.name, one);
        return;
      }
      endEvaluation();
      if (plan.pending) {
        pending.push(...found);
        if (pending.length > 5000) flush();
        return;
      }
      if (clock === "step") stepRow(found, step, own, id);
      else countedRow(found, own, plan);
    },
    end() {
      endEvaluation();
      flush();
    },
  };

  /** "Epoch 1/20" again, before an epoch 2, or a line that starts runs: the program was started once more. */
  function startAgain(): void {
    flush();
    recorder.split("restart");
    rowNames = new Set();
    rowLines.clear();
    rowEpoch = undefined;
  }

  /** A line that only counts: what was printed before it, and what follows, is there. */
  function counted(step: number | undefined, own: number | undefined): void {
    if (step !== undefined) {
      lastStep = step;
      if (clock !== "step" || pending.length === 0) return;
      recorder.row(step, own ?? epoch);
      flush();
    } else if (own !== undefined && pending.length > 0 && clock === "row") {
      recorder.row(undefined, own);
      put("epoch", own);
      flush();
      rowNames = new Set();
    }
  }

  function stepRow(
    found: readonly Held[],
    step: number | undefined,
    own: number | undefined,
    id?: number,
  ): void {
    if (step !== undefined) {
      const before = id === undefined ? undefined : formStep.get(id);
      // its own count goes on, only behind that of another form: no run begins
      const lags = lastStep !== undefined && step < lastStep && (before === undefined || step >= before);
      if (id !== undefined) formStep.set(id, step);
      if (lags && lastStep! - step <= LAG) recorder.behind(step);
      else {
        recorder.row(step, own ?? epoch);
        lastStep = step;
        flush();
      }
      for (const { name, value } of found) {
        withStep.add(name);
        put(name, value);
      }
      return;
    }
    const placed = own === undefined && lastStep !== undefined && !found.some((f) => withStep.has(f.name));
    if (placed) recorder.row(lastStep, epoch);
    if (!placed && !recorder.hasSteps) {
      if (lastStep === undefined) return;
      recorder.row(lastStep, epoch);
    }
    // a line without a step says something about the step before it, but is another series
    for (const { curve, name, value } of found) {
      if (curve.role !== "epoch") put(withStep.has(name) ? `${name} (unnumbered)` : name, value);
    }
  }

  function countedRow(found: readonly Held[], own: number | undefined, plan?: LinePlan): void {
    // ranks that print the same line
    const same = found.map((f) => `${f.name}=${f.value}`).join();
    const repeats = plan === undefined || plan.echoed || (own === undefined ? echoing : oncePerEpoch(plan));
    const echo = repeats && (own ?? epoch) !== undefined && rowEpoch === (own ?? epoch) && rowLines.has(same);
    if (own !== undefined) echoing = echo;
    if (echo) return;
    const known = found.some((f) => f.curve.role === "loss" && f.name === f.curve.name);
    const goesOn = own !== undefined && rowEpoch !== undefined && own > rowEpoch;
    if (mayStart && known && !goesOn && recorder.hasPoints) startAgain();
    if (known) mayStart = false;
    if (plan && own !== undefined) {
      const before = headed.get(plan.template.id) ?? Number.NEGATIVE_INFINITY;
      if (known && own === rowEpoch && own <= before && beginsAgain(plan, own)) recorder.split("restart");
      headed.set(plan.template.id, own);
    }
    if (rowEpoch !== (own ?? epoch)) rowLines.clear();
    rowEpoch = own ?? epoch;
    rowLines.add(same);
    if (own !== undefined || found.some((f) => rowNames.has(f.name)) || rowNames.size === 0) {
      recorder.row(undefined, own ?? epoch);
      rowNames = new Set();
      flush();
      if (!found.some((f) => f.name === "epoch") && (own ?? epoch) !== undefined)
        put("epoch", (own ?? epoch)!);
    }
    for (const { name, value } of found) {
      rowNames.add(name);
      put(name, value);
    }
  }
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

/** A line that comes once an epoch comes again for the first epoch: another run. */
function beginsAgain(plan: LinePlan, epoch: number): boolean {
  return oncePerEpoch(plan) && epoch === plan.judged[plan.counters.epoch]!.behaviour.min;
}

function oncePerEpoch(plan: LinePlan): boolean {
  const { behaviour } = plan.judged[plan.counters.epoch] ?? {};
  return behaviour !== undefined && behaviour.stays < 0.3 && !behaviour.constant;
}

/** Its step falls now and then: it counts within epochs. */
function restarts(plan: LinePlan): boolean {
  return plan.judged[plan.counters.step]!.behaviour.falls > 0;
}
