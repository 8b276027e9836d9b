/** What goes wrong while a run trains, told as it happens: the doctor's alerts over the metrics as they are written. */

import { createWatch, type Finding, type RunLog } from "../../diagnose/index.ts";
import type { Role } from "../../run/log.ts";
import { systemClock } from "../../run/long-work.ts";
import { runLog } from "../../train/log.ts";

export interface Warnings {
  /** Takes metrics as they are appended to metrics.jsonl. */
  readonly append: (text: string) => void;
  /** Looks at what has come, now and then; cheap to call often. */
  readonly look: () => void;
}

export interface WarningsOptions {
  /** metrics.jsonl so far in pieces of whole lines, of a run that goes on: what it holds is not told again. */
  readonly before: Iterable<string>;
  readonly onWarning: (finding: Finding, log: RunLog) => void;
  readonly clock?: () => number;
}

/** Milliseconds between two looks, */
const LOOK_EVERY = 300;
/** and at least this many times what the last one took. */
const REST = 150;
/** Points looked back on, */
const LOOK_BACK = 2000;
/** and lines that come in between: a fast run writes thousands of them in a third of a second. */
const STRIDE = 1000;
/** Lines that wait for a look; of more, the newest: what the others hold is left to the diagnosis at the end. */
const MAX_WAITING = 50_000;

export function createWarnings({ before, onWarning, clock = systemClock.now }: WarningsOptions): Warnings {
  const watch = createWatch({ lookBack: LOOK_BACK });
  const tail = createTail();
  let pending: string[] = [];
  let next = clock() + LOOK_EVERY;
  const append = (text: string): void => {
    for (const line of text.split("\n")) if (line !== "") pending.push(line);
    if (pending.length > 2 * MAX_WAITING) pending = pending.slice(-MAX_WAITING);
  };
  const see = (tell: WarningsOptions["onWarning"]): void => {
    pending = pending.slice(-MAX_WAITING);
    for (let at = 0; at < pending.length; at += STRIDE) {
      const log = tail(runLog(pending.slice(at, at + STRIDE).join("\n"), ""));
      for (const finding of watch.update(log)) tell(finding, log);
    }
    pending = [];
  };
  for (const piece of before) append(piece);
  see(() => {});
  return {
    append,
    look() {
      const begun = clock();
      if (pending.length === 0 || begun < next) return;
      // events that have passed can wait for the diagnosis
      see((finding, log) => finding.severity !== "info" && onWarning(finding, log));
      const end = clock();
      next = end + Math.max(LOOK_EVERY, REST * (end - begun));
    },
  };
}

/** Joins pieces of a log; of each series a little more stays than is looked back on, so that the cut is seen. */
function createTail(): (piece: RunLog) => RunLog {
  const kept = new Map<string, { role: Role; steps: number[]; values: number[] }>();
  return (piece) => {
    for (const { name, role, steps, values } of piece.series) {
      const series = kept.get(name) ?? { role, steps: [], values: [] };
      kept.set(name, series);
      series.steps = [...series.steps, ...steps].slice(-LOOK_BACK - 1);
      series.values = [...series.values, ...values].slice(-LOOK_BACK - 1);
    }
    const series = [...kept].map(([name, { role, steps, values }]) => ({
      name,
      role,
      steps: Float64Array.from(steps),
      values: Float64Array.from(values),
    }));
    return { ...piece, series };
  };
}
