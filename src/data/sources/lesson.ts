/**
 * The lesson's generated data, from NumPy's seed 42 as the lesson writes it. The lesson's first program scales three
 * features 1, 100 and 0.01; its second draws five of unit scale.
 */
import { type NumpyRandom, numpyRandom } from "../../random/index.ts";
import { classTarget, type Dataset, packed } from "../dataset.ts";

/** 1000 × 3, features of scale 1, 100, 0.01; y = [x · (1, 0.01, 100) > 0]. */
export function lessonIllConditioned(): Dataset {
  const n = 1000;
  const r = numpyRandom(42);
  const columns = [1, 100, 0.01].map((scale) => r.normal(0, scale, n));
  const x = Float64Array.from({ length: 3 * n }, (_, i) => columns[i % 3]![Math.floor(i / 3)]!);
  const y = linear(x, [1, 0.01, 100]).map((z) => (z > 0 ? 1 : 0));
  return binary("lesson-ill-conditioned", x, y, 3);
}

/** 200 × 5 standard normal; y = [x · (1, −0.5, 0.3, −0.8, 0.6) > 0]: separable, so the loss has no minimum. */
export function lessonLogistic(): Dataset {
  const x = secondProgram().x;
  return binary(
    "lesson-logistic",
    x,
    linear(x, SECOND_WEIGHTS).map((z) => (z > 0 ? 1 : 0)),
    5,
  );
}

/** The same with the labels flipped where the next uniform draw is below 0.1 (20 of 200): no longer separable. */
export function lessonLogisticFlipped(): Dataset {
  const { x, r } = secondProgram();
  const flip = r.rand(200);
  const y = linear(x, SECOND_WEIGHTS).map((z, i) => (z > 0 !== flip[i]! < 0.1 ? 1 : 0));
  return binary("lesson-logistic-flipped", x, y, 5);
}

/** The same features with the real target x · w: least squares. */
export function lessonLeastSquares(): Dataset {
  const { x } = secondProgram();
  return {
    name: "lesson-least-squares",
    features: packed(x, [200, 5]),
    target: { ...packed(linear(x, SECOND_WEIGHTS), [200]), kind: "number" },
    featureNames: names(5),
  };
}

const SECOND_WEIGHTS = [1, -0.5, 0.3, -0.8, 0.6];

function secondProgram(): { x: Float64Array; r: NumpyRandom } {
  const r = numpyRandom(42);
  return { x: r.randn(1000), r };
}

function linear(x: Float64Array, weights: readonly number[]): Float64Array {
  const width = weights.length;
  return Float64Array.from({ length: x.length / width }, (_, i) =>
    weights.reduce((sum, w, j) => sum + w * x[i * width + j]!, 0),
  );
}

function binary(name: string, x: Float64Array, y: Float64Array, width: number): Dataset {
  return {
    name,
    features: packed(x, [y.length, width]),
    target: classTarget(y, name, 2),
    classes: ["0", "1"],
    featureNames: names(width),
  };
}

const names = (width: number): string[] => Array.from({ length: width }, (_, j) => `x${j + 1}`);
