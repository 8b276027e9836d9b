/** What the numbers of one column do from line to line. */

export interface Behaviour {
  readonly n: number;
  readonly integer: boolean;
  readonly constant: boolean;
  /** Share of steps that do not fall, and how often it falls. */
  readonly rising: number;
  readonly falls: number;
  /** Share of steps that stay. */
  readonly stays: number;
  /** Share of the rises that are the most frequent one. */
  readonly even: number;
  readonly min: number;
  readonly max: number;
  readonly nonFinite: number;
  /** Mean of the last third under that of the first, in units of the spread. */
  readonly fall: number;
  /** Its first values over its last, in units of the spread: 1 for a loss that falls fast and then rests. */
  readonly drop: number;
  /** Share of turns: 0 for a smooth course, about 2/3 for noise. */
  readonly rough: number;
}

const SAMPLE = 2048;

/** What a list of numbers without a name must do to be taken for a loss. */
export const fallsAtAll = ({ fall, drop }: Behaviour): boolean => Math.max(fall, drop) > 0;

export function behaviourOf(column: {
  readonly length: number;
  readonly at: (i: number) => number | undefined;
}): Behaviour {
  const values: number[] = [];
  const n = column.length;
  for (let i = 0; i < n; i++) {
    if (n > 2 * SAMPLE && i === SAMPLE) i = n - SAMPLE;
    values.push(column.at(i)!);
  }
  const finite = values.filter(Number.isFinite);
  let rises = 0;
  let falls = 0;
  let turns = 0;
  const steps = new Map<number, number>();
  for (let i = 1; i < finite.length; i++) {
    const d = finite[i]! - finite[i - 1]!;
    if (d < 0) falls++;
    else if (d > 0) {
      rises++;
      const key = Math.round(d * 1e6);
      if (steps.size < 400 || steps.has(key)) steps.set(key, (steps.get(key) ?? 0) + 1);
    }
    if (i > 1 && d * (finite[i - 1]! - finite[i - 2]!) < 0) turns++;
  }
  const third = Math.max(1, Math.floor(finite.length / 3));
  const mean = (part: readonly number[]): number =>
    part.reduce((a, b) => a + b, 0) / Math.max(1, part.length);
  const few = Math.min(3, third);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const v of finite) {
    if (v < min) min = v;
    if (v > max) max = v;
  }
  const gaps = Math.max(1, finite.length - 1);
  return {
    n,
    integer: finite.length > 0 && finite.every(Number.isInteger),
    constant: finite.length > 0 && min === max && finite.length === values.length,
    rising: finite.length < 2 ? 1 : 1 - falls / gaps,
    falls,
    stays: finite.length < 2 ? 0 : 1 - (rises + falls) / gaps,
    even: rises === 0 ? 0 : Math.max(...steps.values()) / rises,
    min,
    max,
    nonFinite: values.length - finite.length,
    fall: max > min ? (mean(finite.slice(0, third)) - mean(finite.slice(-third))) / (max - min) : 0,
    drop: max > min ? (mean(finite.slice(0, few)) - mean(finite.slice(-few))) / (max - min) : 0,
    rough: finite.length > 2 ? turns / (finite.length - 2) : 0,
  };
}
