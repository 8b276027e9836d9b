/** The built-in data sets, one row each; help texts and the run file's schema derive from this table. */
import { closest, SteepestError } from "../../run/errors.ts";
import type { Dataset, FloatDType } from "../dataset.ts";
import type { DataHost } from "../host.ts";
import { loadDigits } from "./digits.ts";
import { lessonIllConditioned, lessonLeastSquares, lessonLogistic, lessonLogisticFlipped } from "./lesson.ts";
import { twoCircles, twoSpirals } from "./points.ts";

/** One built-in data set. */
export interface Source {
  readonly title: string;
  readonly load: (host: DataHost, dtype: FloatDType) => Dataset | Promise<Dataset>;
}

/** The built-in data sets by the name that `"source"` takes. */
export const sources: Readonly<Record<string, Source>> = {
  digits: {
    title: "10,000 handwritten digits of MNIST, 28 × 28; 8,000 to train, 2,000 to test",
    load: loadDigits,
  },
  "lesson-ill-conditioned": {
    title: "the lesson's first program: 1000 × 3, features of scale 1, 100 and 0.01, two classes",
    load: lessonIllConditioned,
  },
  "lesson-logistic": {
    title: "the lesson's second program: 200 × 5, two separable classes",
    load: lessonLogistic,
  },
  "lesson-logistic-flipped": {
    title: "the same with 20 of the 200 labels flipped: not separable",
    load: lessonLogisticFlipped,
  },
  "lesson-least-squares": {
    title: "the same features with a real target, linear in them",
    load: lessonLeastSquares,
  },
  "two-spirals": {
    title: "770 × 2: two arms of three turns, two classes that no line separates",
    load: twoSpirals,
  },
  "two-circles": {
    title: "500 × 2: a noisy circle inside another, two classes that no line separates",
    load: twoCircles,
  },
};

/** Names of the built-in data sets. */
export const sourceNames: readonly string[] = Object.keys(sources);

/** The row called `name`. Throws `data-source` with the closest name. */
export function findSource(name: string): Source {
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (source) return source;
  const near = closest(name, sourceNames);
  throw new SteepestError("data-source", `there is no built-in data set "${name}"`, {
    where: "data.source",
    help: `${near ? `did you mean ${near}? ` : ""}There are: ${sourceNames.join(", ")}`,
  });
}
