/** Measurements that belong together → rows of a recorder, by their steps or by the order in which they come. */
import type { Recorder } from "../recorder.ts";
import type { Curve } from "./curves.ts";
import type { LinePlan } from "./plan.ts";

/** One measurement of a line. */
export interface Found {
  readonly curve: Curve;
  readonly name: string;
  readonly value: number;
}

/** What the lines read so far have said last. */
export interface Place {
  epoch: number | undefined;
  step: number | undefined;
}

/** What a line says of its own place; no plan: an evaluation's result. */
export interface Line {
  readonly plan?: LinePlan;
  readonly step?: number | undefined;
  readonly epoch?: number | undefined;
  /** Its step goes on over the epochs: none of them lets it begin again. */
  readonly across?: boolean;
}

export interface Rows {
  put(found: readonly Found[], line: Line): void;
  /** Measurements that belong to the counter that follows. */
  hold(found: readonly Found[]): void;
  /** A line that only counts: what was held back, and what follows, is there. */
  count(step: number | undefined, epoch: number | undefined): void;
  /** A line that names its epoch and measures nothing. */
  head(plan: LinePlan, epoch: number): void;
  /** A line of a form at which runs begin. */
  mayStart(): void;
  /** Puts what was held back. */
  flush(): void;
}

const MAX_NAMES = 512;
/** Measurements held back at most. */
const MAX_HELD = 5000;
export function createPending(recorder: Recorder): Pick<Rows, "hold" | "flush"> & {
  readonly put: (name: string, value: number) => void;
  readonly isEmpty: () => boolean;
} {
  let pending: Found[] = [];
  const put = (name: string, value: number): void => {
    if (recorder.names.length >= MAX_NAMES && !recorder.names.includes(name)) {
      recorder.note("too-many-series", `more than ${MAX_NAMES} names: later ones are not kept`);
      return;
    }
    recorder.put(recorder.series(name), value);
  };
  const flush = (): void => {
    for (const { name, value } of pending) put(name, value);
    pending = [];
  };
  return {
    put,
    flush,
    isEmpty: () => pending.length === 0,
    hold: (found) => {
      pending.push(...found);
      if (pending.length > MAX_HELD) flush();
    },
  };
}
