/** Which rates a comparison tries: a coarse grid, extended where the best lies near its edge, refined around the best. */
import { SteepestError } from "../../run/errors.ts";

/** The rates that an optimizer is tried at, and where the search goes on from the best of them. */
export interface RatePlan {
  /** Rising. */
  readonly coarse: readonly number[];
  /** Null: exactly the coarse rates, as the user listed them. */
  readonly adaptive: Adaptive | null;
}

export interface Adaptive {
  /** Factor between neighbours of the coarse grid. */
  readonly ratio: number;
  /** Refining ends when the best rate's neighbours are this factor away or nearer. */
  readonly finest: number;
  /** The grid is never extended beyond these. */
  readonly bounds: readonly [number, number];
}

/** A rate that was tried. */
export interface Tried {
  readonly lr: number;
  /** The final loss that ranks, a mean over seeds; null where a seed diverged. */
  readonly final: number | null;
}

export const DEFAULT_RATES = "1e-4:1";
export const DEFAULT_BOUNDS = "1e-7:1000";
export const DEFAULT_REFINE = 2;
const MOST_RATES = 60;

/**
 * `1e-4:1` is a range: one rate a decade, extended and refined. `0.001,0.01,0.1` is a list, and exactly that is tried.
 * `refine` counts halvings of the spacing around the best. Throws `usage`.
 */
export function ratePlan({
  rates = DEFAULT_RATES,
  refine = DEFAULT_REFINE,
  bounds = DEFAULT_BOUNDS,
}: {
  rates?: string;
  refine?: number;
  bounds?: string;
} = {}): RatePlan {
  const flag = "--rates";
  if (!Number.isInteger(refine) || refine < 0 || refine > 6) {
    throw usage(`--refine is ${refine}`, "give a whole number from 0 to 6: how often the spacing is halved");
  }
  if (!rates.includes(":")) {
    const list = [...new Set(rates.split(",").map((word) => positive(word, flag)))].sort((a, b) => a - b);
    tooFew(list.length, rates);
    return { coarse: list, adaptive: null };
  }
  const [low, high] = range(rates, flag);
  tooFew(low === high ? 1 : 2, rates);
  const steps = Math.max(1, Math.round(Math.log10(high / low)));
  if (steps >= MOST_RATES) throw usage(`${flag} ${rates} spans ${steps} decades`, "choose a smaller range");
  const ratio = (high / low) ** (1 / steps);
  const coarse = Array.from({ length: steps + 1 }, (_, i) =>
    i === 0 ? low : i === steps ? high : round(low * ratio ** i),
  );
  const outer = range(bounds, "--bounds");
  return {
    coarse,
    adaptive: {
      ratio,
      finest: ratio ** (1 / 2 ** refine),
      bounds: [Math.min(outer[0], low), Math.max(outer[1], high)],
    },
  };
}

/**
 * The rates to try next, given those tried; empty when the search is over. First the grid is extended until it reaches a
 * ratio beyond the best on both sides (downwards until anything is stable), then the gaps beside the best are halved.
 */
export function nextRates(tried: readonly Tried[], { coarse, adaptive }: RatePlan): number[] {
  if (tried.length === 0) return [...coarse];
  if (adaptive === null || tried.length >= MOST_RATES) return [];
  const { ratio, finest, bounds } = adaptive;
  const known = [...tried].sort((a, b) => a.lr - b.lr);
  const [lowest, highest] = [known[0]!.lr, known.at(-1)!.lr];
  const down = Math.max(bounds[0], round(lowest / ratio));
  const up = Math.min(bounds[1], round(highest * ratio));
  const best = bestOf(known);
  if (best === null) return down < lowest ? [down] : [];
  const at = known.indexOf(best);
  const near = 1 + 1e-2; // rates are rounded
  const missing = [
    ...(best.lr / lowest < ratio / near && down < lowest ? [down] : []),
    ...(highest / best.lr < ratio / near && up > highest ? [up] : []),
  ];
  if (missing.length > 0) return missing;
  const gaps = [[known[at - 1]?.lr, best.lr] as const, [best.lr, known[at + 1]?.lr] as const];
  return gaps.flatMap(([a, b]) => {
    if (a === undefined || b === undefined || b / a <= finest * near) return [];
    const middle = round(Math.sqrt(a * b));
    return middle > a && middle < b ? [middle] : [];
  });
}

/** The rate with the least loss; the lower rate where two are equal. */
export function bestOf<T extends Tried>(tried: readonly T[]): T | null {
  return tried.reduce<T | null>(
    (best, t) => (t.final !== null && (best === null || t.final < best.final!) ? t : best),
    null,
  );
}

/** Three significant digits: a rate that can be typed. */
const round = (lr: number): number => Number(lr.toPrecision(3));

function positive(word: string, flag: string): number {
  const value = Number(word);
  if (word.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw usage(
    `${flag} has ${JSON.stringify(word.trim())}`,
    "a learning rate is a positive number, e.g. 0.01 or 1e-3",
  );
}

function range(text: string, flag: string): [number, number] {
  const ends = text.split(":");
  if (ends.length !== 2) throw usage(`${flag} ${text} is no range`, "write low:high, e.g. 1e-4:1");
  const [low, high] = ends.map((word) => positive(word, flag)) as [number, number];
  if (low <= high) return [low, high];
  throw usage(`${flag} ${text} runs backwards`, `write ${high}:${low}`);
}

function tooFew(count: number, rates: string): void {
  if (count >= 2) return;
  throw usage(
    `--rates ${rates} is one rate only`,
    "give at least two: at one rate a comparison shows which optimizer that rate suits, not which is better",
  );
}

const usage = (what: string, help: string): SteepestError => new SteepestError("usage", what, { help });
