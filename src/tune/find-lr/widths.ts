/** Whether the best learning rate moves with a model's width: what the searches at several widths say together. */

/** The best rate of a run at one width. */
export interface WidthRate {
  readonly parametrization: "standard" | "mup";
  readonly width: number;
  /** Null where the search refused. */
  readonly lr: number | null;
  /** Where the best rate is expected in nine cases of ten. */
  readonly spread: readonly [number, number] | null;
  /** Mean change of an entry of the model's output in a few steps, at one rate for all widths: a tenth of the narrowest's best. */
  readonly change: number;
}

/** Whether a narrow model's rate can be taken for a wide one. */
export interface Transfer {
  readonly holds: "yes" | "no" | "unclear";
  /** Largest best rate over the smallest; null where a search refused. */
  readonly moved: number | null;
  readonly text: string;
}

/** Rates that a search tries are a factor of two apart. */
const GRID = 2;

/** Judges the rates of one parametrization, narrow to wide. */
export function judgeTransfer(rates: readonly WidthRate[]): Transfer {
  const found = rates.flatMap((r) => (r.lr === null ? [] : [{ ...r, lr: r.lr }]));
  const [first, last] = [found[0], found.at(-1)];
  if (first === undefined || last === undefined || found.length < rates.length) {
    return { holds: "unclear", moved: null, text: "not every width has a best rate, so nothing is known" };
  }
  const byRate = [...found].sort((a, b) => a.lr - b.lr);
  const [low, high] = [byRate[0]!, byRate.at(-1)!];
  const moved = high.lr / low.lr;
  const share = Number(moved.toPrecision(2));
  const from = `from width ${first.width} to ${last.width}`;
  if (moved <= GRID) {
    return {
      holds: "yes",
      moved,
      text: `the best rate stays within a factor of ${share} ${from}: a narrow model's rate can be taken`,
    };
  }
  const apart = low.spread !== null && high.spread !== null && low.spread[1] < high.spread[0];
  return apart
    ? {
        holds: "no",
        moved,
        text: `the best rate moves by a factor of ${share} ${from}: look for it at the width you train`,
      }
    : {
        holds: "unclear",
        moved,
        text: `the best rates ${from} differ by a factor of ${share}, which is within what the searches are sure of`,
      };
}
