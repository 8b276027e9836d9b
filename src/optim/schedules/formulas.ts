/** The few curves that several schedules share. `p` is progress from 0 to 1. */

/** From 1 at p = 0 down to 0 at p = 1 along half a cosine; goes on periodically outside. */
export const cosineFall = (p: number): number => 0.5 * (1 + Math.cos(Math.PI * p));

export const lerp = (from: number, to: number, p: number): number => from + (to - from) * p;

export const cosineBetween = (from: number, to: number, p: number): number =>
  to + (from - to) * cosineFall(p);

export const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

/** The curve with which piecewise schedules join two values. */
export const between: Readonly<Record<"linear" | "cosine", (from: number, to: number, p: number) => number>> =
  {
    linear: lerp,
    cosine: cosineBetween,
  };

/** Hugging Face's warm-up factor: 0 at step 0, 1 at `warmupSteps`. */
export const warmupFactor = (step: number, warmupSteps: number): number => step / Math.max(1, warmupSteps);

/** 0 at the end of the warm-up, 1 at `totalSteps`; not held at 1 afterwards. */
export const progressAfter = (step: number, warmupSteps: number, totalSteps: number): number =>
  (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);

export interface Cycle {
  /** 0 for the first. */
  readonly index: number;
  /** Steps since this cycle began. */
  readonly elapsed: number;
  readonly length: number;
}

/**
 * The cycle that `step` lies in, when the first is `first` steps long and each next one `mult` times longer.
 * The logarithm only gives a first guess: rounding may put an exact boundary into the wrong cycle, which PyTorch's
 * and Keras's own formulas suffer from.
 */
export function cycleAt(step: number, first: number, mult: number): Cycle {
  if (mult === 1) {
    const index = Math.floor(step / first);
    return { index, elapsed: step - index * first, length: first };
  }
  const start = (n: number): number => (first * (mult ** n - 1)) / (mult - 1);
  let index = Math.max(0, Math.floor(Math.log((step / first) * (mult - 1) + 1) / Math.log(mult)));
  while (index > 0 && start(index) > step) index--;
  while (start(index + 1) <= step) index++;
  return { index, elapsed: step - start(index), length: first * mult ** index };
}
