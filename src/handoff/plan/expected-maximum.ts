import { erf } from "../../engine/rules/scalar.ts";

/** Beyond so many standard deviations nothing is left of a normal distribution in float64. */
const [REACH, PARTS] = [9, 900];

/** The mean of the largest of `count` independent standard normal numbers: ∫ x dΦ(x)^count, by the trapezoid rule. */
export function expectedMaximum(count: number): number {
  if (count === 1) return 0;
  const below = (x: number): number => ((1 + erf(x / Math.SQRT2)) / 2) ** count;
  const width = (2 * REACH) / PARTS;
  let sum = 0;
  for (let i = 0; i < PARTS; i++) {
    const x = -REACH + i * width;
    sum += (x + width / 2) * (below(x + width) - below(x));
  }
  return sum;
}
