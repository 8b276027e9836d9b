/** Examples that don't fit into memory: opened anew for each epoch, shuffled through a buffer, handed out in batches. */
import {
  type BatchPlan,
  type DataArray,
  type FloatDType,
  rowCount,
  rowSize,
  type Samples,
} from "../data/index.ts";
import { stream as randomStream, streamKey } from "../random/index.ts";
import { SteepestError } from "../run/errors.ts";
import { type Example, exampleSamples, type TargetOptions } from "./fit-data.ts";

/** Data that is read while it is trained on: never more of it lies in memory than `buffer` and a few batches. */
export interface FitStream {
  /**
   * Opens the examples of an epoch (from 0) at the first: a function, mostly a generator, for what has been read to its
   * end gives no second epoch. It is opened once more at the start, for the shape of the first example. A resumed run has
   * the same bits where an epoch's examples come in the same order as before.
   */
  readonly open: (epoch: number) => Iterable<Example> | AsyncIterable<Example>;
  /** Examples in an epoch: schedules and batches need it beforehand. */
  readonly count: number;
  /**
   * Examples that wait while they are shuffled; each next one is drawn from among them. Default 4,096. `shuffle: false`
   * keeps the order.
   */
  readonly buffer?: number;
  /** Names of the classes in index order, where there are classes. */
  readonly classes?: readonly string[];
}

/** Batches that come in time, in the order of the steps. */
export interface Feed {
  /** Waits until this step's batch lies ready, and some after it. */
  readonly wait: (step: number) => Promise<void>;
  readonly has: (step: number) => boolean;
  /** Copies the step's batch, which is then gone, and returns its number of rows. */
  readonly fill: BatchPlan["fill"];
  /** Ends reading. */
  readonly close: () => Promise<void>;
}

export interface FeedOptions extends TargetOptions {
  readonly dtype: FloatDType;
  readonly shuffle: boolean;
  readonly seed: number;
  /** An example or more, which the others have to be like. */
  readonly like: Samples;
}

const BUFFER = 4096;
/** Examples that are taken over at a time. */
const CHUNK = 256;
/** Values of features in the batches that lie ready: as many batches as have these, one at least. */
const READY = 1 << 20;

export const isStream = (data: unknown): data is FitStream =>
  typeof data === "object" && data !== null && "open" in data;

/** Throws `data-shape`, `option` for what can't be read more than once or has no count. */
export function checkStream({ open, count, buffer }: FitStream): void {
  if (typeof open !== "function") {
    throw new SteepestError("data-shape", `open is ${open === null ? "null" : typeof open} and no function`, {
      where: "at data.open",
      help: "give a function that begins anew each time: open: () => read(); what can be read once alone is data itself, and lies in memory",
    });
  }
  const whole = (n: unknown): boolean => Number.isInteger(n) && Number(n) >= 1;
  for (const [name, given] of Object.entries({ count, buffer: buffer ?? BUFFER })) {
    if (whole(given)) continue;
    throw new SteepestError("option", `${name} is ${String(given)}`, {
      where: `at data.${name}`,
      help:
        name === "count" ? "say how many examples an epoch has" : "give a number of examples of at least 1",
    });
  }
}

/** The first example. Throws `data-empty`. */
export async function firstOf({ open }: FitStream): Promise<Example> {
  for await (const example of open(0)) return example;
  throw new SteepestError("data-empty", "the stream has no example", {
    where: "at data.open",
    help: "yield one { x, y } for each example",
  });
}

interface Rows {
  readonly x: DataArray;
  readonly y: DataArray;
}

/** `rows` rows like those of the samples. */
const room = ({ features, target }: Samples, rows: number): Rows => ({
  x: sameType(features.data, rows * rowSize(features)),
  y: sameType(target.data, rows * rowSize(target)),
});
const sameType = (like: DataArray, length: number): DataArray => {
  if (like instanceof Int32Array) return new Int32Array(length);
  return like instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
};

/** The feed of a run whose steps take the batches that the plan says. */
export function feedOf(data: FitStream, plan: BatchPlan, options: FeedOptions): Feed {
  const { like } = options;
  const ready = new Map<number, Rows>();
  const spare: Rows[] = [];
  const ahead = Math.max(1, Math.floor(READY / (plan.largest * Math.max(1, rowSize(like.features)))));
  let reader: Reader | null = null;
  /** The step that the reader stands before. */
  let next = -1;
  const close = async (): Promise<void> => {
    await reader?.close();
    reader = null;
  };
  const openAt = async (step: number): Promise<Reader> => {
    await close();
    const opened = readerOf(data, plan.epochOf(step), options);
    reader = opened;
    const passed = room(like, 1);
    for (let row = plan.rowOf(step); row > 0; row--) await opened.draw(passed, 0);
    return opened;
  };
  return {
    has: (step) => ready.has(step),
    wait: async (step) => {
      if (ready.has(step)) return;
      const fresh = reader === null || next !== step || plan.rowOf(step) === 0;
      const from = fresh ? await openAt(step) : reader!;
      for (let k = step; k < step + ahead; k++) {
        const batch = spare.pop() ?? room(like, plan.largest);
        for (let row = 0; row < plan.sizeOf(k); row++) await from.draw(batch, row);
        ready.set(k, batch);
        next = k + 1;
        if (plan.endsEpoch(k)) return from.end();
      }
    },
    fill: (step, _features, _target, outX, outY) => {
      const batch = ready.get(step)!;
      const rows = plan.sizeOf(step);
      outX.set(batch.x.subarray(0, rows * rowSize(like.features)));
      outY?.set(batch.y.subarray(0, rows * rowSize(like.target)));
      ready.delete(step);
      spare.push(batch);
      return rows;
    },
    close,
  };
}

interface Reader {
  /** Writes one more example as the given row. */
  readonly draw: (to: Rows, row: number) => Promise<void>;
  /** Refuses a stream that has more examples than it says. */
  readonly end: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** One epoch's examples, each drawn from among those in the buffer. */
function readerOf(data: FitStream, epoch: number, options: FeedOptions): Reader {
  const { like, shuffle, seed } = options;
  const capacity = shuffle ? Math.min(data.count, data.buffer ?? BUFFER) : 1;
  const [width, depth] = [rowSize(like.features), rowSize(like.target)];
  const pool = room(like, capacity);
  const random = randomStream({ key: streamKey(seed, "batches"), counter: epoch * 2 ** 32 });
  const examples = iteratorOf(data.open(epoch));
  let chunk: Samples | null = null;
  let [filled, at, read] = [0, 0, 0];
  let over = false;

  const pull = async (): Promise<void> => {
    const rows: Example[] = [];
    while (rows.length < CHUNK && read + rows.length < data.count) {
      const item = await examples.next();
      if (item.done === true) {
        over = true;
        break;
      }
      rows.push(item.value);
    }
    const where = `data, counted from example ${read + 1} of epoch ${epoch + 1}`;
    chunk = rows.length > 0 ? await exampleSamples(rows, { ...options, classes: data.classes, where }) : null;
    read += rows.length;
    at = 0;
    if (read < data.count && over) throw countError(`ends after ${read}`, data.count, { read, epoch });
  };
  const copy = (from: Rows, row: number, to: Rows, place: number): void => {
    to.x.set(from.x.subarray(row * width, (row + 1) * width), place * width);
    to.y.set(from.y.subarray(row * depth, (row + 1) * depth), place * depth);
  };
  const refill = async (): Promise<void> => {
    while (filled < capacity) {
      if (chunk === null || at === rowCount(chunk.features)) {
        if (read === data.count) return;
        await pull();
      }
      copy({ x: chunk!.features.data, y: chunk!.target.data }, at++, pool, filled++);
    }
  };
  return {
    draw: async (to, row) => {
      if (filled < capacity) await refill();
      const taken = capacity > 1 ? random.integers(1, 0, filled)[0]! : 0;
      copy(pool, taken, to, row);
      copy(pool, --filled, pool, taken);
    },
    end: async () => {
      if (read < data.count) return; // an incomplete batch is left out
      if ((await examples.next()).done !== true) throw countError("has more", data.count, { read, epoch });
    },
    close: async () => {
      await examples.return?.();
    },
  };
}

function iteratorOf(
  examples: Iterable<Example> | AsyncIterable<Example>,
): AsyncIterator<Example> | Iterator<Example> {
  if (Symbol.asyncIterator in examples) return examples[Symbol.asyncIterator]();
  return examples[Symbol.iterator]();
}

const countError = (
  what: string,
  count: number,
  { read, epoch }: { read: number; epoch: number },
): SteepestError =>
  new SteepestError(
    "data-shape",
    `the stream ${what}, but count says ${count} examples, in epoch ${epoch + 1}`,
    {
      where: "at data",
      help:
        read === 0 || epoch > 0
          ? "let open() begin anew each time it is called, with the same examples"
          : "give count the number of examples that open() yields",
    },
  );
