/** Points of the plane in two classes that no line separates: small enough to watch a network bend around them. */
import { numpyRandom } from "../../random/index.ts";
import { classTarget, type Dataset, packed } from "../dataset.ts";

const TURNS = 3;
/** Points of an arm between two of the original's. */
const DENSITY = 4;

/**
 * 770 × 2: two arms of three turns, class 1 at (r·cos φ, r·sin φ) with φ = πi/16 and r = 6.5·(104 − i)/104, class 0
 * across the origin (Lang & Witbrock 1988, "Learning to tell two spirals apart"), with four points for each of theirs.
 */
export function twoSpirals(): Dataset {
  const last = TURNS * 32 * DENSITY;
  const x: number[] = [];
  const y: number[] = [];
  for (let k = 0; k <= last; k++) {
    const i = k / DENSITY;
    const [angle, radius] = [(i * Math.PI) / 16, (6.5 * (104 - i)) / 104];
    const [a, b] = [radius * Math.cos(angle), radius * Math.sin(angle)];
    x.push(a, b, -a, -b);
    y.push(1, 0);
  }
  return points("two-spirals", x, y);
}

/** 500 × 2: circles of radius 1 (class 0) and 0.5 (class 1) with noise 0.1, as scikit-learn's `make_circles` from seed 42. */
export function twoCircles(): Dataset {
  const each = 250;
  const noise = numpyRandom(42).normal(0, 0.1, 4 * each);
  const x: number[] = [];
  const y: number[] = [];
  for (const [label, radius] of [1, 0.5].entries()) {
    for (let i = 0; i < each; i++) {
      const angle = (2 * Math.PI * i) / each;
      const at = x.length;
      x.push(radius * Math.cos(angle) + noise[at]!, radius * Math.sin(angle) + noise[at + 1]!);
      y.push(label);
    }
  }
  return points("two-circles", x, y);
}

const points = (name: string, x: readonly number[], y: readonly number[]): Dataset => ({
  name,
  features: packed(Float64Array.from(x), [y.length, 2]),
  target: classTarget(y, name, 2),
  classes: ["0", "1"],
  featureNames: ["x", "y"],
});
