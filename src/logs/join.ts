/**
 * A batch counter that starts again with every epoch looks like many runs. It is one when all parts are equally
 * long and the loss goes on where it stopped instead of going back to where it began.
 */
import { meaningOf } from "./columns.ts";
import type { RecordedRun, Recorder } from "./recorder.ts";
import { type Budget, SeriesBuffer } from "./series-buffer.ts";

const UNBOUNDED: Budget = { held: 0 };

export function joinEpochRuns(recorder: Recorder): RecordedRun[] {
  const { runs } = recorder;
  if (runs.length < 3 || !recorder.hasSteps) return runs;
  const id = lossId(recorder);
  if (id < 0) return runs;
  const losses = runs.map((run) => run.buffers[id]);
  const first = losses[0];
  if (!first || first.length < 4) return runs;
  const begin = first.steps[0]!;
  const span = first.steps[first.length - 1]! - begin;
  let continues = 0;
  for (let i = 1; i < losses.length; i++) {
    const [before, here] = [losses[i - 1]!, losses[i]];
    if (!here || here.length === 0 || runs[i]!.begun !== "restart" || here.steps[0] !== begin) return runs;
    const ends = here.steps[here.length - 1]! - begin;
    if (i < losses.length - 1 ? ends !== span : ends > span) return runs;
    const toEnd = Math.abs(here.values[0]! - before.values[before.length - 1]!);
    if (toEnd < Math.abs(here.values[0]! - first.values[0]!)) continues++;
  }
  if (continues < 0.75 * (losses.length - 1)) return runs;
  const perEpoch = span + Math.min(...gaps(first));
  recorder.note(
    "joined-epochs",
    `the step starts again ${runs.length - 1} times while the loss goes on: read as epochs of ${perEpoch} steps`,
  );
  return [joined(runs, perEpoch)];
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
  return { buffers, begun: "start", meta: { ...runs[0]!.meta, stepsPerEpoch: perEpoch } };
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
