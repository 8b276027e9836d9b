/** What a generated log says of itself: the curves it prints, and the style elements it was put together from. */
import type { Objective } from "../../../src/run/log.ts";

/** 0 was shown to the reader's authors, 1 is held back for the figure after mending. */
export type Half = 0 | 1;

/** One style element: a member of a table of alternatives. */
export interface Element {
  readonly id: string;
  readonly half: Half;
}

/** Curves of one run, by the numbers as printed. */
export interface ToldRun {
  readonly loss: readonly number[];
  readonly validation: readonly number[];
  readonly lr: readonly number[];
  readonly gradNorm: readonly number[];
  /** Steps of the loss's points up to an offset and a unit; null where the log counts nothing. */
  readonly steps: readonly number[] | null;
  /** Records of an epoch where the batches start again with it and the log does not say how many there are; else null. */
  readonly epochRecords: number | null;
}

export interface Written {
  readonly text: string;
  readonly runs: readonly ToldRun[];
  readonly objective: Objective;
  /** `dimension:element` of all that went into the log. */
  readonly style: readonly string[];
}

export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = (seed * 0x9e3779b1 + 0x7f4a7c15) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A member of the table's half that fits; of the whole table where none of the half does. */
export function pick<T extends Element>(
  random: Random,
  table: readonly T[],
  half: Half,
  fits: (e: T) => boolean,
): T {
  const fitting = table.filter(fits);
  const own = fitting.filter((e) => e.half === half);
  const from = own.length > 0 ? own : fitting;
  return from[Math.floor(random() * from.length)]!;
}

export const whole = (random: Random, from: number, to: number): number =>
  from + Math.floor(random() * (to - from + 1));
