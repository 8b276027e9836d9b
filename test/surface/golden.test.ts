/** The lesson's figures: paths on 2-D surfaces made by PyTorch 1.13 and NumPy, see test/golden/README.md. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { type DescentOptimizer, makeSurface, trajectory } from "../../src/surface/index.ts";

interface Figures {
  readonly three_paths: {
    readonly start: number[];
    readonly runs: Record<string, { lr: number; beta?: number; path: number[][]; loss: number[] }>;
  };
  readonly trajectories_2d: Record<
    string,
    {
      readonly start: number[];
      readonly runs: Record<
        string,
        { lr: number; path_first_60: number[][]; at_100: number[]; at_200: number[]; loss_at: number[][] }
      >;
    }
  >;
}

const file = resolve(import.meta.dirname, "../golden/seed-walkthrough.json");
const { figures } = JSON.parse(readFileSync(file, "utf8")) as { figures: Figures };
const TOLERANCE = 1e-9;

/** Largest difference, relative where the golden number is above 1. */
const error = (found: readonly number[], wanted: readonly number[]): number =>
  Math.max(...wanted.map((w, i) => Math.abs(found[i]! - w) / Math.max(1, Math.abs(w))));

describe("three step sizes on ½(x² + 10y²)", () => {
  const { start, runs } = figures.three_paths;
  test.for(Object.entries(runs))("%s", ([, { lr, beta, path, loss }]) => {
    const { points, losses } = trajectory({
      surface: makeSurface("bowl", { kappa: 10 }),
      optimizer: beta === undefined ? "sgd" : { name: "sgd", momentum: beta },
      from: start,
      lr,
      steps: path.length - 1,
    });
    expect(points.length).toBe(path.length);
    path.forEach((want, k) => expect(error(points[k]!, want), `step ${k}`).toBeLessThan(TOLERANCE));
    expect(error(losses, loss)).toBeLessThan(TOLERANCE);
  });
});

const spelled: Readonly<Record<string, DescentOptimizer>> = {
  sgd: "sgd",
  momentum: { name: "sgd", momentum: 0.9 },
  nesterov: { name: "sgd", momentum: 0.9, nesterov: true },
  rmsprop: "rmsprop",
  adam: "adam",
  adagrad: "adagrad",
};

/**
 * RMSprop jumps from wall to wall of Rosenbrock's valley: starting PyTorch's own run 1e-15 higher moves its 150th point by
 * 3e-13 and its 200th by 6e-4, starting it 1e-15 lower moves that by 4e-3.
 */
const chaotic = (surface: string, optimizer: string): boolean =>
  surface === "rosenbrock" && optimizer === "rmsprop";

describe.for(Object.entries(figures.trajectories_2d))("optimizers on %s", ([name, { start, runs }]) => {
  test.for(Object.entries(runs))("%s", ([optimizer, want]) => {
    const { points, losses } = trajectory({
      surface: makeSurface(name),
      optimizer: spelled[optimizer]!,
      from: start,
      lr: want.lr,
      steps: 200,
    });
    want.path_first_60.forEach((w, k) => expect(error(points[k]!, w), `step ${k}`).toBeLessThan(TOLERANCE));
    expect(error(points[100]!, want.at_100)).toBeLessThan(TOLERANCE);
    const late = chaotic(name, optimizer) ? 5e-3 : TOLERANCE;
    expect(error(points[200]!, want.at_200)).toBeLessThan(late);
    for (const [k, loss] of want.loss_at) {
      expect(error([losses[k!]!], [loss!]), `loss at ${k}`).toBeLessThan(k! > 100 ? late : TOLERANCE);
    }
  });
});
