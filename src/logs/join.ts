/** What looks like many runs and is one: epochs whose batches are counted anew, several writers, a summary's echo. */
import { meaningOf } from "./columns.ts";
import { steering } from "./objective.ts";
import type { RecordedRun, Recorder } from "./recorder.ts";
import { type Budget, SeriesBuffer } from "./series-buffer.ts";

const UNBOUNDED: Budget = { held: 0 };

export function joinRuns(recorder: Recorder): RecordedRun[] {
  recorder.echoed = 0;
  return joinEpochRuns(recorder, joinWriters(recorder, withoutEchoes(recorder)));
}

/** A summary that prints the last lines again is no run: all its points are in the run before. */
function withoutEchoes(recorder: Recorder): RecordedRun[] {
  const kept: RecordedRun[] = [];
  for (const run of recorder.runs) {
    const before = kept[kept.length - 1];
    if (before && run.begun === "rewind" && repeats(run, before)) {
      recorder.echoed += run.buffers[lossId(recorder)]?.seen ?? 0;
      continue;
    }
    kept.push(run);
  }
  return kept;
}

function repeats(run: RecordedRun, before: RecordedRun): boolean {
  let points = 0;
  for (const [id, buffer] of run.buffers.entries()) {
    if (!buffer || buffer.seen === 0) continue;
    const known = before.buffers[id];
    if (!known || buffer.seen > 20 || buffer.seen >= known.seen) return false;
    const values = new Map<number, number>();
    for (let i = 0; i < known.length; i++) values.set(known.steps[i]!, known.values[i]!);
    for (let i = 0; i < buffer.length; i++, points++)
      if (!Object.is(values.get(buffer.steps[i]!), buffer.values[i])) return false;
  }
  return points > 0;
}

/** So often no training is resumed from a few steps back. */
const MANY_REWINDS = 8;
/** How far a later point at a known step may be from the earlier one, as a share of it. */
const SAME_POINT = 0.02;

/**
 * Two processes that write into one file, each a little behind the other, look like many resumes: every step comes
 * twice, with the same values but for rounding. They are one run.
 */
function joinWriters(recorder: Recorder, runs: RecordedRun[]): RecordedRun[] {
  const rewinds = runs.filter((run) => run.begun === "rewind").length;
  const id = lossId(recorder);
  if (rewinds < MANY_REWINDS || id < 0) return runs;
  const from = runs.findIndex((run) => run.begun === "rewind") - 1;
  const start = (run: RecordedRun): number => run.buffers[id]?.steps[0] ?? Number.POSITIVE_INFINITY;
  let to = from + 1;
  while (to < runs.length && (runs[to]!.begun === "rewind" || start(runs[to]!) > start(runs[from]!))) to++;
  const part = runs.slice(from, to);
  const known = new Map<number, number>();
  let again = 0;
  let points = 0;
  for (const run of part) {
    const loss = run.buffers[id];
    for (let i = 0; i < (loss?.length ?? 0); i++, points++) {
      const step = loss!.steps[i]!;
      const earlier = known.get(step);
      if (earlier === undefined) known.set(step, loss!.values[i]!);
      else if (Math.abs(earlier - loss!.values[i]!) <= SAME_POINT * Math.abs(earlier)) again++;
    }
  }
  if (part.length < MANY_REWINDS || again < 0.7 * (points - known.size) || again < 0.2 * points) return runs;
  recorder.note(
    "joined-writers",
    `the step goes back ${part.length - 1} times and the values are those already there: read as one run written by several processes`,
  );
  recorder.echoed += points - known.size;
  return [...runs.slice(0, from), merged(part), ...runs.slice(to)];
}

/** All points by their steps, the first of each. */
function merged(runs: readonly RecordedRun[]): RecordedRun {
  const points: Map<number, number>[] = [];
  for (const { buffers } of runs) {
    for (const [id, buffer] of buffers.entries()) {
      const of = (points[id] ??= new Map());
      for (let i = 0; i < (buffer?.length ?? 0); i++)
        if (!of.has(buffer!.steps[i]!)) of.set(buffer!.steps[i]!, buffer!.values[i]!);
    }
  }
  const buffers = points.map((of) => {
    const into = new SeriesBuffer(Number.MAX_SAFE_INTEGER, UNBOUNDED);
    for (const [step, value] of [...of].sort((a, b) => a[0] - b[0])) into.push(step, value);
    return into;
  });
  return { ...runs[0]!, buffers, meta: { ...runs[0]!.meta } };
}

/**
 * A batch counter that starts again with every epoch looks like many runs. They are one while all parts are equally
 * long and the loss goes on where it stopped; where it goes back to where it began, another training starts.
 */
function joinEpochRuns(recorder: Recorder, runs: RecordedRun[]): RecordedRun[] {
  const id = lossId(recorder);
  // of two players neither loss goes on
  if (runs.length < 3 || !recorder.hasSteps || id < 0 || steering(recorder.names) === "adversarial")
    return runs;
  const out: RecordedRun[] = [];
  for (let from = 0; from < runs.length; ) {
    const first = runs[from]!.buffers[id];
    let to = from + 1;
    while (first && first.length >= 4 && to < runs.length && isNextEpoch(runs, from, to, id)) to++;
    const part = runs.slice(from, to);
    from = to;
    if (part.length === 1 || !mostlyGoesOn(part, id)) {
      out.push(...part);
      continue;
    }
    const perEpoch = spanOf(first!) + Math.min(...gaps(first!));
    const again = part.length === 2 ? "once" : `${part.length - 1} times`;
    recorder.note(
      "joined-epochs",
      `the step starts again ${again} while the loss goes on: read as epochs of ${perEpoch} steps`,
    );
    out.push(joined(part, perEpoch));
  }
  return out;
}

const spanOf = (b: SeriesBuffer): number => b.steps[b.length - 1]! - b.steps[0]!;

/** Can run `at` be the epoch after those from `from` on? The last one may be cut off. */
function isNextEpoch(runs: readonly RecordedRun[], from: number, at: number, id: number): boolean {
  const [first, before, here] = [from, at - 1, at].map((i) => runs[i]!.buffers[id]);
  if (!first || !before || !here || here.length === 0) return false;
  if (runs[at]!.begun !== "restart" || runs[at]!.epochsAgain || here.steps[0] !== first.steps[0])
    return false;
  if (spanOf(before) !== spanOf(first) || spanOf(here) > spanOf(first)) return false;
  const [begin, end, start] = [first.values[0]!, before.values[before.length - 1]!, here.values[0]!];
  const way = Math.abs(begin - end);
  return !(way > 4 * noiseAtEnd(before) && Math.abs(start - begin) < 0.3 * way);
}

/** Mean change from point to point over the last twenty. */
function noiseAtEnd(b: SeriesBuffer): number {
  const from = Math.max(1, b.length - 20);
  let sum = 0;
  for (let i = from; i < b.length; i++) sum += Math.abs(b.values[i]! - b.values[i - 1]!);
  return sum / Math.max(1, b.length - from);
}

function mostlyGoesOn(part: readonly RecordedRun[], id: number): boolean {
  const losses = part.map((run) => run.buffers[id]!);
  const first = losses[0]!;
  const begin = first.values[0]!;
  // two parts of a loss that has not moved yet are as like as two runs are
  const way = Math.abs(begin - first.values[first.length - 1]!);
  if (part.length === 2 && way <= 4 * noiseAtEnd(first)) return false;
  const near = losses.filter((here, i) => {
    if (i === 0) return false;
    const before = losses[i - 1]!;
    return Math.abs(here.values[0]! - before.values[before.length - 1]!) < Math.abs(here.values[0]! - begin);
  });
  return near.length >= 0.75 * (part.length - 1);
}

function joined(runs: readonly RecordedRun[], perEpoch: number): RecordedRun {
  const buffers: (SeriesBuffer | undefined)[] = [];
  runs.forEach((run, k) => {
    run.buffers.forEach((buffer, id) => {
      if (!buffer) return;
      const { steps, values } = buffer.snapshot();
      const into = (buffers[id] ??= new SeriesBuffer(Number.MAX_SAFE_INTEGER, UNBOUNDED));
      for (let i = 0; i < steps.length; i++) into.push(steps[i]! + k * perEpoch, values[i]!);
    });
  });
  return { ...runs[0]!, buffers, begun: "start", meta: { ...runs[0]!.meta, stepsPerEpoch: perEpoch } };
}

function gaps(buffer: SeriesBuffer): number[] {
  const out: number[] = [];
  for (let i = 1; i < buffer.length; i++) {
    const gap = buffer.steps[i]! - buffer.steps[i - 1]!;
    if (gap > 0) out.push(gap);
  }
  return out.length > 0 ? out : [1];
}

function lossId(recorder: Recorder): number {
  let best = -1;
  let rank = Number.POSITIVE_INFINITY;
  recorder.names.forEach((name, id) => {
    const meaning = meaningOf(name);
    if (meaning.role === "loss" && meaning.rank < rank) {
      best = id;
      rank = meaning.rank;
    }
  });
  return best;
}
