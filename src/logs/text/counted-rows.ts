/** Rows that are counted: one ends where a name comes again, or an epoch is named. */
import type { Recorder } from "../recorder.ts";
import type { LinePlan } from "./plan.ts";
import { createPending, type Found, type Line, type Place, type Rows } from "./rows.ts";

export function createCountedRows(recorder: Recorder, place: Place): Rows {
  const { put, hold, flush, isEmpty } = createPending(recorder);
  let names = new Set<string>();
  const read = createLinesRead(place);
  /** A form of line at which runs begin stood before this one. */
  let startsHere = false;
  /** The epoch that each line form named last. */
  const headed = new Map<LinePlan, number>();
  const headedBefore = (plan: LinePlan, epoch: number): boolean =>
    epoch <= (headed.get(plan) ?? Number.NEGATIVE_INFINITY) && beginsAgain(plan, epoch);

  /** "Epoch 1/20" again, before an epoch 2, or a line that starts runs: the program was started once more. */
  const startAgain = (): void => {
    recorder.split("restart");
    names = new Set();
    headed.clear();
    read.clear();
  };

  /** A run may begin with this line. */
  const begin = (found: readonly Found[], { plan, epoch }: Line): void => {
    const known = found.some((f) => f.curve.role === "loss" && f.name === f.curve.name);
    const goesOn = epoch !== undefined && read.epoch !== undefined && epoch > read.epoch;
    if (startsHere && known && !goesOn && recorder.hasPoints) startAgain();
    if (known) startsHere = false;
    if (plan === undefined || epoch === undefined) return;
    const again = known && epoch === read.epoch && headedBefore(plan, epoch);
    if (again) recorder.split("restart");
    // other forms that name the first epoch belong to the run that begins here
    if (again || (read.epoch !== undefined && epoch < read.epoch)) headed.clear();
    headed.set(plan, epoch);
  };
  return {
    hold,
    flush,
    put: (found, line) => {
      const said = found.map((f) => `${f.name}=${f.value}`).join();
      if (read.has(said, line)) return recorder.leaveOut(found.some((f) => f.curve.role === "loss"));
      // whole epochs find together later, by their number
      const same = line.epoch !== undefined && line.epoch % 1 !== 0 && line.epoch === read.epoch;
      begin(found, line);
      const here = line.epoch ?? place.epoch;
      read.add(said, here);
      // "ep 0.40 valid loss 2.1" behind "ep 0.40 loss 2.0": one record on two lines
      const measured = found.filter((f) => f.curve.role !== "epoch");
      if (same && names.size > 0 && !measured.some((f) => names.has(f.name))) {
        for (const { name, value } of measured) put(name, value);
        for (const { name } of measured) names.add(name);
        return;
      }
      if (line.epoch !== undefined || found.some((f) => names.has(f.name)) || names.size === 0) {
        recorder.row(undefined, here);
        names = new Set();
        flush();
        if (!found.some((f) => f.name === "epoch") && here !== undefined) put("epoch", here);
      }
      for (const { name, value } of found) {
        names.add(name);
        put(name, value);
      }
    },
    count: (step, epoch) => {
      if (step !== undefined) place.step = step;
      else if (epoch !== undefined && !isEmpty()) {
        recorder.row(undefined, epoch);
        put("epoch", epoch);
        flush();
        names = new Set();
      }
    },
    head: (plan, epoch) => {
      if (headedBefore(plan, epoch)) startAgain();
      headed.set(plan, epoch);
    },
    mayStart: () => {
      startsHere = true;
    },
  };
}

interface LinesRead {
  /** Of the last line. */
  readonly epoch: number | undefined;
  /** Ranks print the same line. */
  has(said: string, line: Line): boolean;
  add(said: string, epoch: number | undefined): void;
  clear(): void;
}

/** What was read at the present epoch. */
function createLinesRead(place: Place): LinesRead {
  const lines = new Set<string>();
  let epochRead: number | undefined;
  /** The last line that named its epoch was one already read. */
  let echoing = false;
  return {
    get epoch() {
      return epochRead;
    },
    has: (said, { plan, epoch }) => {
      const repeats =
        plan === undefined || plan.echoed || (epoch === undefined ? echoing : oncePerEpoch(plan));
      const here = epoch ?? place.epoch;
      const echo = repeats && here !== undefined && epochRead === here && lines.has(said);
      if (epoch !== undefined) echoing = echo;
      return echo;
    },
    add: (said, epoch) => {
      if (epochRead !== epoch) lines.clear();
      epochRead = epoch;
      lines.add(said);
    },
    clear: () => {
      lines.clear();
      epochRead = undefined;
    },
  };
}

/** A line that comes once an epoch comes again for the first epoch: another run. */
function beginsAgain(plan: LinePlan, epoch: number): boolean {
  return oncePerEpoch(plan) && epoch === plan.judged[plan.counters.epoch]!.behaviour.min;
}

function oncePerEpoch(plan: LinePlan): boolean {
  const { behaviour } = plan.judged[plan.counters.epoch] ?? {};
  return behaviour !== undefined && behaviour.stays < 0.3 && !behaviour.constant;
}
