/** What the styles of the second generator are given to print, and what they say they printed. */
import type { Objective } from "../../../src/run/log.ts";

/** What a style is given to print: one entry a step, or one an epoch. */
export interface Course {
  readonly loss: readonly number[];
  readonly val: readonly number[];
  readonly lr: readonly number[];
  readonly acc: readonly number[];
  readonly norm: readonly number[];
}

/** The numbers as printed are the truth; a curve that the style does not print stays absent. */
export interface Told {
  readonly text: string;
  readonly loss?: readonly string[];
  readonly val?: readonly string[];
  readonly lr?: readonly string[];
  readonly norm?: readonly string[];
  /** Steps of the loss's points, up to an offset and a unit. */
  readonly steps?: readonly number[];
  readonly runs?: number;
  /** What the curve is, when no supervised loss; "refused" when nothing of a training is in it. */
  readonly objective?: Objective | "refused";
}

export type Style = (c: Course) => Told;
