import { describe, expect, test } from "vitest";
import { add, mul, square, sub, take } from "../../src/engine/graph/index.ts";
import {
  backtracking,
  compileObjective,
  minimize,
  type Objective,
  strongWolfe,
} from "../../src/optim/index.ts";

const rosenbrock = compileObjective(
  ({ p }) => {
    const [x, y] = [take(p!, 0, 0), take(p!, 0, 1)];
    return add(square(sub(1, x)), mul(100, square(sub(y, square(x)))));
  },
  { p: [2] },
);
const start = (): Float64Array => Float64Array.of(-1.5, 2);
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((t, v, i) => t + v * b[i]!, 0);

describe("line searches", () => {
  const from = rosenbrock.evaluate(start());
  const d = from.gradient.map((g) => -g);
  const slope = dot(from.gradient, d);
  test.for([1e-6, 1e-3, 1, 1000])("strong Wolfe conditions hold from a first step of %d", (t) => {
    const found = strongWolfe()(rosenbrock, from, d, t);
    expect(found.satisfied).toBe(true);
    expect(found.point.value).toBeLessThanOrEqual(from.value + 1e-4 * found.t * slope);
    expect(Math.abs(dot(found.point.gradient, d))).toBeLessThanOrEqual(0.9 * Math.abs(slope));
  });
  test("backtracking halves until the decrease is enough, and past infinite losses", () => {
    const wall: Objective = {
      size: 1,
      evaluate: (x) => ({
        x: x.slice(),
        value: x[0]! < -1 ? Number.NaN : 0.5 * x[0]! * x[0]!,
        gradient: x.slice(),
      }),
    };
    const at = wall.evaluate(Float64Array.of(1));
    const found = backtracking()(wall, at, Float64Array.of(-1), 16);
    expect(found).toMatchObject({ t: 1, satisfied: true, evaluations: 5 });
    const upward = backtracking({ maxSteps: 3 })(wall, at, Float64Array.of(1), 1);
    expect(upward.satisfied).toBe(false);
  });
});

describe("minimize", () => {
  test("L-BFGS with strong Wolfe solves Rosenbrock in a few dozen evaluations", () => {
    const found = minimize(rosenbrock, start());
    expect(found.status).toBe("converged");
    expect(found.evaluations).toBeLessThan(80);
    expect(found.x[0]).toBeCloseTo(1, 7);
    expect(found.x[1]).toBeCloseTo(1, 7);
  });
  test("gradient descent with backtracking never rises and gets there slowly", () => {
    const values: number[] = [];
    const found = minimize(rosenbrock, start(), {
      method: "gradient-descent",
      lineSearch: "backtracking",
      maxIterations: 20_000,
      toleranceGrad: 1e-4,
      onIteration: (_, point) => {
        values.push(point.value);
      },
    });
    expect(found.status).toBe("converged");
    expect(values.every((v, i) => i === 0 || v <= values[i - 1]!)).toBe(true);
    expect(found.iterations).toBeGreaterThan(500);
  });
  test("says why it stopped", () => {
    expect(minimize(rosenbrock, Float64Array.of(1, 1)).status).toBe("converged");
    expect(minimize(rosenbrock, start(), { maxIterations: 2 }).status).toBe("max-iterations");
    expect(minimize(rosenbrock, start(), { onIteration: () => false }).status).toBe("stopped");
    const runaway = minimize(rosenbrock, start(), { method: "gradient-descent", lineSearch: "none", lr: 1 });
    expect(runaway.status).toBe("diverged");
    expect(() => minimize(rosenbrock, new Float64Array(3))).toThrow("x0 has 3 values, the objective 2");
    expect(() => rosenbrock.pack({ q: [1, 2] })).toThrow("p has 0 values, not 2");
  });
});
