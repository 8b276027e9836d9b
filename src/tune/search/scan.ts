/** Which rates are worth a longer look: short trainings a factor of four apart, up until they die, down until they crawl. */
import type { Ladder } from "./ladder.ts";

export interface ScanOptions {
  /** Steps of each training. */
  readonly steps: number;
  /** Score of a training that learns nothing. */
  readonly reference: () => number | Promise<number>;
  /** Score of the best constant answer; null where it is not known. */
  readonly plateau: number | null;
  /** Places between which rates are tried. */
  readonly lowest: number;
  readonly highest: number;
  readonly say: (text: string) => Promise<void>;
}

const STRIDE = 2;
/** Upwards a rate that keeps less than this share of the best gain is past the valley, */
const PAST = 0.5;
/** if it is not alone. */
const PAST_IN_A_ROW = 2;
/** Downwards a rate that keeps less than this share only crawls. */
const CRAWLS = 0.7;
/** A training that has not come half of the way to the constant answer's score, and stands at more than twice of it, */
const FAR = 2;
/** says little against lower ones: where units die at once, it is the one that died most slowly. So far is gone down then. */
const FURTHER = 12;

/** False when every training died. */
export async function scan(
  ladder: Ladder,
  { steps, reference, plateau, lowest, highest, say }: ScanOptions,
): Promise<boolean> {
  const show = (place: number): string => String(Number(ladder.rateAt(place).toPrecision(3)));
  let first = 0;
  await say(`${steps} steps at ${show(0)}`);
  await ladder.advance([0], steps);
  for (let stride = STRIDE; ladder.died(first); stride *= 2) {
    if (first - stride < lowest) return false;
    first -= stride;
    await say(`died at once: down to ${show(first)}`);
    await ladder.advance([first], steps);
  }
  let up = first + STRIDE <= highest ? first : null;
  let down = first - STRIDE >= lowest ? first : null;
  let past = 0;
  while (up !== null || down !== null) {
    const next: number[] = [];
    if (up !== null) next.push(up + STRIDE);
    if (down !== null) next.push(down - STRIDE);
    await say(`${steps} steps at ${next.map(show).join(" and ")}`);
    await ladder.advance(next, steps);
    const level = await reference();
    const gain = (place: number): number => level - ladder.score(place, steps);
    const best = Math.max(...ladder.places().map(gain));
    if (up !== null) {
      up += STRIDE;
      past = best > 0 && gain(up) < PAST * best ? past + 1 : 0;
      if (ladder.died(up) || past >= PAST_IN_A_ROW || up + STRIDE > highest) up = null;
    }
    if (down !== null) {
      down -= STRIDE;
      const far = plateau !== null && 2 * best < level - plateau && level - best > FAR * plateau;
      const further = far && first - down < FURTHER;
      // where nothing gains yet, lower rates gain even less
      const crawls = best <= 0 || gain(down) < CRAWLS * best;
      if ((crawls && !further) || down - STRIDE < lowest) down = null;
    }
  }
  return true;
}
