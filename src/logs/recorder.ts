/**
 * Where readers write what they see: named series, split into runs, in bounded memory.
 * Row-wise sources call `row` (the row's step and epoch) and then `put`; point-wise ones (event files) call `at`.
 */
import type { LogNote } from "../run/log.ts";
import { meaningOf } from "./columns.ts";
import { type Budget, SeriesBuffer } from "./series-buffer.ts";
import { type BackStep, classifyBackStep } from "./split.ts";

const MAX_TOTAL_POINTS = 4_000_000;
const MAX_SERIES = 4096;
/** Of names that say what they are, such as a loss in the last column, so many more are kept. */
const MORE_KNOWN = 512;
const MAX_RUNS = 1000;
const MAX_BUFFERS = 40_000;
const MAX_EPOCHS = 100_000;

export interface RecordedRun {
  /** By series id; a hole is a series this run never logged. */
  readonly buffers: (SeriesBuffer | undefined)[];
  /** Why this run is apart from the one before it. */
  readonly begun: "start" | BackStep;
  /** Its epochs are counted anew too: it is no further epoch of the run before. */
  epochsAgain: boolean;
  /** By which its lines are told from those of other runs, where the log says it. */
  name: string | null;
  /** Facts found while this run was being read. */
  readonly meta: Record<string, string | number | boolean | null>;
}

export class Recorder {
  readonly names: string[] = [];
  readonly notes: LogNote[] = [];
  runs: RecordedRun[] = [newRun("start")];
  /** True once any row or point came with a step of its own. */
  hasSteps = false;
  /** Losses that were met and left out on purpose: another rank's, an evaluation's batches. */
  leftOut = 0;
  /** Points of a loss that runs had besides and that are there already, as found when they were last joined. */
  echoed = 0;
  /** Batches per epoch when a step counter that restarts with each epoch was joined. */
  joinedEpochs = 0;
  private index = 0;
  private current: RecordedRun = this.runs[0]!;
  private readonly ids = new Map<string, number>();
  private readonly budget: Budget = { held: 0 };
  private limit: number;
  private buffers = 0;
  private full = false;
  // the clock of row-wise sources
  private step = 0;
  private rowIndex = -1;
  private rawStep: number = Number.NEGATIVE_INFINITY;
  private offset = 0;
  /** Where the batches of each epoch begin, from the second on. */
  private readonly offsets = new Map<number, number>();
  private epoch: number = Number.NEGATIVE_INFINITY;
  private firstClock = Number.NaN;
  /** The last eight distinct places, as a ring. */
  private readonly recent = new Float64Array(8);
  private places = 0;

  constructor(maxPoints: number) {
    this.limit = maxPoints;
  }

  note(id: string, text: string): void {
    if (!this.notes.some((n) => n.id === id && n.text === text) && this.notes.length < 200) {
      this.notes.push({ id, text });
    }
  }

  /** A line is met and left out on purpose. */
  leaveOut(hasLoss: boolean): void {
    if (hasLoss) this.leftOut++;
  }

  /** The run that is being read has a point. */
  get hasPoints(): boolean {
    return this.current.buffers.length > 0;
  }

  get meta(): RecordedRun["meta"] {
    return this.current.meta;
  }

  /** The id of a series; -1 when the source names more series than are kept. */
  series(name: string): number {
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const beyond = this.names.length - MAX_SERIES;
    if (beyond >= 0 && (beyond >= MORE_KNOWN || meaningOf(name).role === "other")) {
      this.note("too-many-series", `more than ${MAX_SERIES} different names: later ones are not kept`);
      return -1;
    }
    const id = this.names.length;
    this.names.push(name);
    this.ids.set(name, id);
    return id;
  }

  /** The row's place. Without a step, the last one stands; without any, rows are counted. */
  row(step: number | undefined, epoch?: number | undefined): void {
    const hasEpoch = epoch !== undefined && Number.isFinite(epoch);
    if (step !== undefined && Number.isFinite(step)) {
      this.hasSteps = true;
      if (step < this.rawStep && hasEpoch && epoch > this.epoch && Number.isFinite(this.epoch)) {
        // a batch counter that starts again with every epoch
        this.offset = this.step + 1 - Math.min(step, 1);
        this.joinedEpochs = Math.max(this.joinedEpochs, this.rawStep);
        if (this.offsets.size < MAX_EPOCHS) this.offsets.set(epoch, this.offset);
      } else if (step < this.rawStep && hasEpoch && epoch < this.epoch) {
        // back to an epoch that has its place already, or to the first
        this.offset = this.offsets.get(epoch) ?? 0;
      }
      this.rawStep = step;
      this.advance(step + this.offset, hasEpoch && epoch < this.epoch);
    } else if (!this.hasSteps) {
      if (hasEpoch && epoch < this.epoch) {
        const kind = classifyBackStep(epoch, this.firstClock, this.lastPlaces());
        if (kind !== "late") this.split(kind);
      }
      if (hasEpoch) this.remember(epoch);
      this.step = ++this.rowIndex;
    }
    if (hasEpoch) this.epoch = epoch;
  }

  /** The place of a line that counts behind the others: an earlier step of the same run. */
  behind(step: number): void {
    this.step = step + this.offset;
  }

  put(id: number, value: number): void {
    if (id < 0 || this.full) return;
    (this.current.buffers[id] ?? this.open(id)).push(this.step, value);
    if (this.budget.held > MAX_TOTAL_POINTS) this.rebalance();
  }

  /** A point with a step of its own; a series that starts again starts a new run. */
  at(id: number, step: number, value: number): void {
    if (id < 0 || this.full) return;
    this.hasSteps = true;
    const buffer = this.current.buffers[id] ?? this.open(id);
    if (step < buffer.last && buffer.length > 0) {
      const tail = buffer.steps.subarray(Math.max(0, buffer.length - 8), buffer.length);
      const kind = classifyBackStep(step, buffer.steps[0]!, distinct(tail));
      if (kind !== "late") {
        this.split(kind);
        if (!this.full) this.open(id).push(step, value);
        return;
      }
      this.note("late-steps", "some points were written out of order; they are sorted by step");
    }
    buffer.push(step, value);
    if (this.budget.held > MAX_TOTAL_POINTS) this.rebalance();
  }

  /** The next run begins; it may have been opened by an earlier part of the source. */
  split(kind: BackStep): void {
    this.index++;
    const next = this.runs[this.index];
    if (!next && this.runs.length >= MAX_RUNS) {
      this.full = true;
      this.note(
        "too-many-runs",
        `the step starts again more than ${MAX_RUNS} times: what follows is not kept`,
      );
      return;
    }
    this.current = next ?? newRun(kind);
    if (!next) this.runs.push(this.current);
    this.resetClock();
  }

  /** What follows is a training of this name, and no further epoch of the one before. */
  begin(name: string): void {
    if (this.hasPoints) this.split("restart");
    this.current.epochsAgain = true;
    this.current.name = name;
  }

  /** The source goes on with other series of the same runs (another metric's file). */
  backToFirstRun(): void {
    this.index = 0;
    this.current = this.runs[0]!;
    this.resetClock();
  }

  private resetClock(): void {
    this.firstClock = Number.NaN;
    this.places = 0;
    this.offset = 0;
    this.offsets.clear();
    this.rowIndex = -1;
    this.rawStep = Number.NEGATIVE_INFINITY;
    this.epoch = Number.NEGATIVE_INFINITY;
  }

  private advance(step: number, epochsAgain: boolean): void {
    if (this.places > 0 && step < this.recent[(this.places - 1) & 7]!) {
      const kind = classifyBackStep(step, this.firstClock, this.lastPlaces());
      if (kind === "late") {
        this.note("late-steps", "some rows were written out of order; they are sorted by step");
        this.step = step;
        return;
      }
      const { epoch, rawStep } = this;
      this.split(kind);
      if (epochsAgain) this.current.epochsAgain = true;
      this.epoch = epoch;
      this.rawStep = rawStep;
    }
    this.remember(step);
    this.step = step;
  }

  private remember(place: number): void {
    if (this.places === 0) this.firstClock = place;
    else if (this.recent[(this.places - 1) & 7]! >= place) return;
    this.recent[this.places++ & 7] = place;
  }

  /** Oldest first. */
  private lastPlaces(): number[] {
    const out: number[] = [];
    for (let i = Math.max(0, this.places - 8); i < this.places; i++) out.push(this.recent[i & 7]!);
    return out;
  }

  private open(id: number): SeriesBuffer {
    if (this.buffers >= MAX_BUFFERS) {
      this.full = true;
      this.note("too-many-series", `more than ${MAX_BUFFERS} curves: what follows is not kept`);
    }
    const buffer = new SeriesBuffer(this.limit, this.budget);
    this.current.buffers[id] = buffer;
    this.buffers++;
    return buffer;
  }

  private rebalance(): void {
    this.limit = Math.max(32, this.limit >> 1);
    for (const run of this.runs) for (const buffer of run.buffers) buffer?.shrinkTo(this.limit);
  }
}

function newRun(begun: RecordedRun["begun"]): RecordedRun {
  return { buffers: [], begun, epochsAgain: false, name: null, meta: {} };
}

function distinct(sorted: Float64Array): number[] {
  const out: number[] = [];
  for (const step of sorted) if (out[out.length - 1] !== step) out.push(step);
  return out;
}
