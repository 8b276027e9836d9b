/** Points of room held by all series together, shared so that their owner can shrink them in time. */
export interface Budget {
  held: number;
}

const INITIAL = 16;

/**
 * One growing series in bounded memory. Up to `limit` points are kept verbatim; beyond that every four
 * consecutive points become their minimum and maximum (and the first non-finite one), and points still to come
 * are thinned at the same rate, so density stays even and no extreme or NaN region is lost.
 */
export class SeriesBuffer {
  steps: Float64Array = new Float64Array(INITIAL);
  values: Float64Array = new Float64Array(INITIAL);
  length = 0;
  /** Points offered, kept or not. */
  seen = 0;
  /** Points that arrived with the step of the point before. */
  repeated = 0;
  /** Raw points behind one group of two kept ones; 0 while everything is kept. */
  bucket = 0;
  last: number = Number.NEGATIVE_INFINITY;
  private limit: number;
  private group: Group = emptyGroup();
  private readonly budget: Budget;

  constructor(limit: number, budget: Budget) {
    this.limit = Math.max(INITIAL, limit);
    this.budget = budget;
    budget.held += INITIAL;
  }

  push(step: number, value: number): void {
    if (step === this.last) {
      // a progress bar redrawn, or ranks printing the same line
      if (this.length > 0 && this.bucket === 0 && Object.is(this.values[this.length - 1], value)) return;
      this.repeated++;
    }
    this.seen++;
    if (step < this.last) {
      this.insertLate(step, value);
      return;
    }
    this.last = step;
    if (this.bucket === 0) this.append(step, value);
    else this.thin(step, value);
  }

  /** Kept points, the unfinished group included. */
  snapshot(): { steps: Float64Array; values: Float64Array } {
    const tail = this.group.count > 0 ? groupPoints(this.group, true) : [];
    const steps = new Float64Array(this.length + tail.length);
    const values = new Float64Array(this.length + tail.length);
    steps.set(this.steps.subarray(0, this.length));
    values.set(this.values.subarray(0, this.length));
    tail.forEach(([step, value], i) => {
      steps[this.length + i] = step;
      values[this.length + i] = value;
    });
    return { steps, values };
  }

  /** Halves what is kept until it fits, and gives the room back. */
  shrinkTo(limit: number): void {
    this.limit = Math.max(INITIAL, limit);
    while (this.length > this.limit) this.compact();
    if (this.steps.length > this.limit) this.resize(this.limit);
  }

  private append(step: number, value: number): void {
    if (this.length >= this.limit) {
      this.compact();
      if (this.bucket > 0) {
        this.thin(step, value);
        return;
      }
    }
    if (this.length === this.steps.length) this.grow();
    this.steps[this.length] = step;
    this.values[this.length++] = value;
  }

  private grow(): void {
    this.resize(Math.max(Math.min(this.limit, this.steps.length * 2), this.length + 4));
  }

  private resize(capacity: number): void {
    this.budget.held += capacity - this.steps.length;
    const steps = new Float64Array(capacity);
    const values = new Float64Array(capacity);
    steps.set(this.steps.subarray(0, this.length));
    values.set(this.values.subarray(0, this.length));
    this.steps = steps;
    this.values = values;
  }

  private thin(step: number, value: number): void {
    addToGroup(this.group, step, value);
    if (this.group.count < this.bucket) return;
    const points = groupPoints(this.group, false);
    clear(this.group);
    for (const [s, v] of points) {
      if (this.length >= this.limit) this.compact();
      if (this.length === this.steps.length) this.grow();
      this.steps[this.length] = s;
      this.values[this.length++] = v;
    }
  }

  /** The first point stays: it is the loss before training. */
  private compact(): void {
    let kept = 1;
    const group = emptyGroup();
    for (let at = 1; at < this.length; at += 4) {
      clear(group);
      const end = Math.min(at + 4, this.length);
      for (let i = at; i < end; i++) addToGroup(group, this.steps[i]!, this.values[i]!);
      for (const [s, v] of groupPoints(group, false)) {
        this.steps[kept] = s;
        this.values[kept++] = v;
      }
    }
    this.length = Math.min(kept, this.length);
    this.bucket = this.bucket === 0 ? 4 : this.bucket * 2;
  }

  private insertLate(step: number, value: number): void {
    if (this.bucket > 0) {
      this.thin(this.last, value);
      return;
    }
    this.append(this.last, value);
    if (this.bucket > 0) return; // the append thinned the series; the point went in at the last step
    let i = this.length - 1;
    while (i > 0 && this.steps[i - 1]! > step) {
      this.steps[i] = this.steps[i - 1]!;
      this.values[i] = this.values[i - 1]!;
      i--;
    }
    this.steps[i] = step;
    this.values[i] = value;
  }
}

interface Group {
  count: number;
  minStep: number;
  min: number;
  maxStep: number;
  max: number;
  oddStep: number;
  odd: number;
  hasOdd: boolean;
  lastStep: number;
  last: number;
}

function emptyGroup(): Group {
  return {
    count: 0,
    minStep: 0,
    min: Number.POSITIVE_INFINITY,
    maxStep: 0,
    max: Number.NEGATIVE_INFINITY,
    oddStep: 0,
    odd: 0,
    hasOdd: false,
    lastStep: 0,
    last: 0,
  };
}

const clear = (group: Group): void => {
  group.count = 0;
  group.min = Number.POSITIVE_INFINITY;
  group.max = Number.NEGATIVE_INFINITY;
  group.hasOdd = false;
};

function addToGroup(group: Group, step: number, value: number): void {
  group.count++;
  group.lastStep = step;
  group.last = value;
  if (!Number.isFinite(value)) {
    if (!group.hasOdd) {
      group.hasOdd = true;
      group.oddStep = step;
      group.odd = value;
    }
    return;
  }
  if (value < group.min) {
    group.min = value;
    group.minStep = step;
  }
  if (value > group.max) {
    group.max = value;
    group.maxStep = step;
  }
}

/** At most three points (four with the last), in step order. */
function groupPoints(group: Group, withLast: boolean): [number, number][] {
  const points: [number, number][] = [];
  if (group.min !== Number.POSITIVE_INFINITY) {
    const [min, max]: [number, number][] = [
      [group.minStep, group.min],
      [group.maxStep, group.max],
    ];
    if (group.maxStep === group.minStep && group.max === group.min) points.push(min!);
    else if (group.maxStep < group.minStep) points.push(max!, min!);
    else points.push(min!, max!);
  }
  if (!group.hasOdd && !withLast) return points; // as nearly always: already in order
  if (group.hasOdd) points.push([group.oddStep, group.odd]);
  if (withLast && !points.some(([step]) => step === group.lastStep))
    points.push([group.lastStep, group.last]);
  return points.sort((a, b) => a[0] - b[0]);
}
