/** Steps with all their terms, whole paths and what became of them. */
import { describe, expect, test } from "vitest";
import { reference } from "../../src/engine/index.ts";
import { optimizers, scaleByLr } from "../../src/optim/index.ts";
import {
  createDescent,
  evaluator,
  makeSurface,
  parseFormula,
  type TrajectoryOptions,
  trajectory,
  tunedTrajectory,
  viewOf,
} from "../../src/surface/index.ts";

const bowl = makeSurface("bowl");
const rosenbrock = makeSurface("rosenbrock");

describe("the terms of Adam", () => {
  // Kingma and Ba's algorithm 1 by hand, in plain numbers
  const [b1, b2, eps, lr] = [0.9, 0.999, 1e-8, 0.1];
  test("as the paper writes them", () => {
    const descent = createDescent({ surface: bowl, optimizer: "adam", lr });
    const x = [-9, 2.5];
    const [m, v] = [
      [0, 0],
      [0, 0],
    ];
    for (let t = 1; t <= 20; t++) {
      const step = descent.step();
      const g = [x[0]!, 10 * x[1]!];
      expect(step.at).toEqual(x.map((c) => expect.closeTo(c, 12)));
      x.forEach((_, i) => {
        m[i] = b1 * m[i]! + (1 - b1) * g[i]!;
        v[i] = b2 * v[i]! + (1 - b2) * g[i]! ** 2;
        const [mHat, vHat] = [m[i]! / (1 - b1 ** t), v[i]! / (1 - b2 ** t)];
        const delta = (-lr * mHat) / (Math.sqrt(vHat) + eps);
        expect(step.gradient[i]).toBeCloseTo(g[i]!, 10);
        expect(step.state["m"]![i]).toBeCloseTo(m[i]!, 10);
        expect(step.state["v"]![i]).toBeCloseTo(v[i]!, 10);
        expect(step.corrected["m̂"]![i]).toBeCloseTo(mHat, 10);
        expect(step.corrected["v̂"]![i]).toBeCloseTo(vHat, 8);
        expect(step.update[i]).toBeCloseTo(delta, 10);
        expect(step.effective[i]).toBeCloseTo(Math.abs(delta / g[i]!), 10);
        x[i]! += delta;
        expect(step.position[i]).toBeCloseTo(x[i]!, 10);
      });
      expect(step).toMatchObject({ step: t, lr, noise: null });
      expect(step.loss).toBeCloseTo((x[0]! ** 2 + 10 * x[1]! ** 2) / 2, 9);
      expect(descent.loss).toBe(step.loss);
      expect(Array.from(descent.gradient)).toEqual([x[0]!, 10 * x[1]!].map((c) => expect.closeTo(c, 9)));
    }
  });
  test("have no hats without the correction", () => {
    const descent = createDescent({ surface: bowl, optimizer: { name: "adam", biasCorrection: false } });
    expect(descent.step().corrected).toEqual({});
  });
});

test.for(optimizers.map((o) => o.name))(
  "%s: every term is a number, the update is the move, reset repeats",
  (optimizer) => {
    const descent = createDescent({ surface: rosenbrock, optimizer, lr: 1e-3 });
    const first = Array.from({ length: 5 }, () => descent.step());
    for (const { at, update, state, corrected, position, loss } of first) {
      for (const values of [update, position, ...Object.values(state), ...Object.values(corrected)]) {
        expect(values.length).toBeGreaterThan(0);
        expect(values.every(Number.isFinite)).toBe(true);
      }
      expect(loss).toBeCloseTo(evaluator(rosenbrock).value(position), 12);
      expect(at.every(Number.isFinite)).toBe(true);
    }
    first.slice(1).forEach(({ at }, k) => {
      const before = first[k]!;
      expect(at).toEqual(before.at.map((v, i) => v + before.update[i]!));
    });
    descent.reset();
    expect(Array.from({ length: 5 }, () => descent.step())).toEqual(first);
  },
);

test("both backends make the same path", () => {
  const options: TrajectoryOptions = { surface: rosenbrock, optimizer: "adam", lr: 0.05, steps: 30 };
  const [a, b] = [trajectory(options), trajectory({ ...options, backend: reference })];
  a.points.forEach((p, k) => expect(p).toEqual(b.points[k]!.map((v) => expect.closeTo(v, 9))));
});

test("one seed gives all optimizers the same noise, another seed other noise", () => {
  const noiseOf = (optimizer: string, seed: number): (readonly number[] | null)[] => {
    const descent = createDescent({ surface: bowl, optimizer, lr: 0.01, noise: { sigma: 0.5, seed } });
    return Array.from({ length: 200 }, () => descent.step().noise);
  };
  const noise = noiseOf("sgd", 1);
  expect(noiseOf("adam", 1)).toEqual(noise);
  expect(noiseOf("sgd", 2)).not.toEqual(noise);
  const all = noise.flatMap((n) => n!);
  const variance = all.reduce((s, z) => s + z * z, 0) / all.length;
  // 400 squares of standard deviation 0.25·√2: five of their standard errors
  expect(Math.abs(variance - 0.25)).toBeLessThan(5 * 0.25 * Math.sqrt(2 / 400));
});

test("noise is in the update and not in the reported gradient or loss", () => {
  const { at, gradient, noise, update, loss, position } = createDescent({
    surface: bowl,
    optimizer: "sgd",
    lr: 0.1,
    noise: { sigma: 1 },
  }).step();
  expect(gradient).toEqual([at[0], 10 * at[1]!]);
  update.forEach((u, i) => expect(u).toBeCloseTo(-0.1 * (gradient[i]! + noise![i]!), 12));
  expect(loss).toBeCloseTo(evaluator(bowl).value(position), 12);
});

test("a schedule sets the rate, and momentum where it has one", () => {
  const cosine = trajectory({
    surface: bowl,
    optimizer: "sgd",
    lr: 0.1,
    steps: 10,
    schedule: { name: "cosine-decay" },
  });
  cosine.lrs.forEach((lr, k) => expect(lr).toBeCloseTo(0.05 * (1 + Math.cos((Math.PI * k) / 10)), 12));
  const cycle = createDescent({
    surface: bowl,
    optimizer: { name: "sgd", momentum: 0.9 },
    lr: 0.1,
    steps: 10,
    schedule: { name: "one-cycle" },
  });
  const momenta = Array.from({ length: 10 }, () => cycle.step().momentum!);
  expect(Math.max(...momenta) - Math.min(...momenta)).toBeGreaterThan(0.05);
  const plateau = trajectory({
    surface: bowl,
    optimizer: "sgd",
    lr: 0.2,
    steps: 60,
    schedule: { name: "reduce-on-plateau", patience: 3 },
  });
  expect(plateau.lrs.at(-1)).toBeLessThan(0.2);
});

test("a transform of one's own", () => {
  const { points } = trajectory({
    surface: bowl,
    optimizer: { ...scaleByLr(), lr: 0.1 },
    steps: 1,
    from: [1, 1],
  });
  expect(points[1]).toEqual([expect.closeTo(0.9, 12), expect.closeTo(0, 12)]);
});

test("20,000 steps on the sharp and the flat well: 2/50 decides", () => {
  // C18: from the sharp minimum, 0.039 stays and 0.041 leaves for the flat one
  const surface = makeSurface("double-well", { dimension: 1 });
  const endOf = (lr: number): number =>
    trajectory({ surface, optimizer: "sgd", lr, from: [-1.01], steps: 3000 }).points.at(-1)![0]!;
  expect(endOf(0.039)).toBeCloseTo(-1, 6);
  expect(endOf(0.041)).toBeCloseTo(2, 6);
});

describe("verdicts", () => {
  const verdictOf = (options: Partial<TrajectoryOptions> & Pick<TrajectoryOptions, "surface">) =>
    trajectory({ optimizer: "sgd", steps: 300, ...options }).verdict;
  test("the minimum, and the step from which on the path stays there", () => {
    const path = trajectory({ surface: bowl, optimizer: "sgd", lr: 0.1, steps: 100, tolerance: 0.01 });
    // |x| = 9·0.9ᵏ and y is 0 after the first step
    const step = Math.ceil(Math.log(0.01 / 9) / Math.log(0.9));
    expect(path.verdict).toMatchObject({ outcome: "converged", step, minimum: { at: [0, 0] } });
    expect(path.verdict.text).toBe("reached the minimum at (0, 0)");
  });
  test("divergence, and the path ends there", () => {
    const path = trajectory({ surface: bowl, optimizer: "sgd", lr: 0.3, steps: 1000 });
    expect(path.verdict).toMatchObject({ outcome: "diverged", step: path.points.length - 1 });
    // |y| = 2.5·2ᵏ passes a million times the domain's ±10
    expect(path.verdict.step).toBe(Math.ceil(Math.log2(1e7 / 2.5)));
  });
  test("a saddle from the ridge, not beside it", () => {
    const surface = makeSurface("saddle");
    expect(verdictOf({ surface, lr: 0.1, from: [1, 0] })).toMatchObject({ outcome: "saddle" });
    expect(verdictOf({ surface, lr: 0.1, from: [1, 1e-30] }).outcome).toBe("saddle");
    expect(verdictOf({ surface, lr: 0.1, from: [1, 1e-3] }).minimum).toEqual({
      at: [0, 1],
      value: -0.25,
      kind: "global",
    });
  });
  test("a maximum and flat ground", async () => {
    expect(verdictOf({ surface: makeSurface("rastrigin"), from: [0.5, 0], lr: 0 }).outcome).toBe("going");
    const hill = await parseFormula("-x^2 - y^2");
    expect(verdictOf({ surface: hill, from: [0, 0], lr: 0.1 }).text).toBe("stuck at a maximum near (0, 0)");
    expect(verdictOf({ surface: await parseFormula("floor(x)"), from: [0.5], lr: 0.1 }).outcome).toBe("flat");
  });
  test("a local minimum, in a table and beside it", () => {
    const rastrigin = verdictOf({ surface: makeSurface("rastrigin"), from: [3.2, 0.1], lr: 0.001 });
    expect(rastrigin).toMatchObject({ outcome: "converged", minimum: { kind: "local" } });
    expect(rastrigin.minimum!.at[0]).toBeCloseTo(2.985, 3);
    const tang = verdictOf({ surface: makeSurface("styblinski-tang"), from: [2, 2], lr: 0.01 });
    expect(tang.text).toBe("reached a local minimum at (2.75, 2.75)");
  });
  test("a minimum of a formula", async () => {
    const surface = await parseFormula("(a - 3)^2 + cosh(b)");
    const verdict = verdictOf({ surface, from: [0, 1], lr: 0.1 });
    expect(verdict.minimum!.at).toEqual([expect.closeTo(3, 2), expect.closeTo(0, 2)]);
    expect(verdict).toMatchObject({ outcome: "converged", minimum: { kind: "unknown" }, distance: null });
  });
  test("leaving the place where the function is defined", async () => {
    const surface = await parseFormula("log(x)");
    const path = trajectory({ surface, optimizer: "sgd", lr: 0.5, from: [1], steps: 50 });
    expect(path.verdict.outcome).toBe("undefined");
    expect(path.verdict.text).toMatch(/came at step \d to \(−.*\), where the function is undefined/);
  });
  test("too slow is still moving", () => {
    expect(verdictOf({ surface: bowl, lr: 1e-3, steps: 20 }).text).toBe("still moving");
    expect(verdictOf({ surface: bowl, lr: 0.21, steps: 20 }).text).toBe("still moving, above its start");
    expect(verdictOf({ surface: bowl, lr: 1e-9, steps: 20 }).text).toBe("hardly moving any more");
  });
});

test("the best rate of a grid is the one that needs the fewest steps", () => {
  const options = { surface: bowl, optimizer: "sgd", steps: 200 } as const;
  const rates = [0.01, 0.05, 2 / 11, 0.19, 0.25];
  const steps = rates.map((lr) => trajectory({ ...options, lr }).verdict.step ?? Number.POSITIVE_INFINITY);
  const converged = rates.map((lr) => trajectory({ ...options, lr }).verdict.outcome === "converged");
  const best = tunedTrajectory(options, { rates });
  // 2/(L + μ) contracts fastest
  expect(best.lr).toBe(2 / 11);
  expect(best.verdict.step).toBe(Math.min(...steps.filter((_, i) => converged[i])));
});

test("a view holds the start, and a formula's paths that did not fly off", async () => {
  expect(viewOf(bowl, [1, 1], [])).toEqual(bowl.domain);
  expect(viewOf(bowl, [30, 1], [])[0]![1]).toBeGreaterThan(30);
  const surface = await parseFormula("x^2 + y^2");
  const calm = trajectory({ surface, optimizer: "sgd", lr: 0.1, from: [3, 4], steps: 100 });
  const wild = trajectory({ surface, optimizer: "sgd", lr: 2, from: [3, 4], steps: 100 });
  const [x] = viewOf(surface, [3, 4], [calm, wild]);
  expect(x![0]).toBeLessThan(0);
  expect(x![1]).toBeLessThan(5);
});

describe("what is refused", () => {
  test.for([
    [{ from: [1] }, /the start has 1 numbers/],
    [{ from: [1, Number.NaN] }, /the start is 1, NaN/],
    [{ lr: -1 }, /the learning rate is -1/],
    [{ lr: Number.NaN }, /the learning rate is NaN/],
    [{ noise: { sigma: -1 } }, /the noise is -1/],
    [{ optimizer: "adamm" }, /no optimizer named "adamm"/],
    [{ optimizer: { name: "adam", betas: 3 } }, /betas is 3/],
  ] as const)("%o", ([options, says]) => {
    expect(() => createDescent({ surface: bowl, optimizer: "sgd", ...options })).toThrow(says);
  });
  test("a start without value or slope", async () => {
    const [log, root] = [await parseFormula("log(x) + y^2"), await parseFormula("sqrt(x) + y")];
    expect(() => createDescent({ surface: log, optimizer: "sgd", from: [-1, 0] })).toThrow(
      /is NaN at x = -1, y = 0/,
    );
    expect(() => createDescent({ surface: root, optimizer: "sgd", from: [0, 0] })).toThrow(
      /no slope along x at x = 0/,
    );
  });
  test("asking for a step before there was one", () => {
    expect(() => createDescent({ surface: bowl, optimizer: "sgd" }).last()).toThrow(/no step has been made/);
  });
});

test("exponential ground is no minimum, however short Newton's step is there; a flat-bottomed one still is", async () => {
  // 1.8 from the least x: the slope is 1e13, and Newton's step a hundredth
  const cliff = await parseFormula("exp(exp(x^2)) + y");
  const fallen = trajectory({ surface: cliff, optimizer: "adam", from: [1.8, 2], lr: 0.001, steps: 40 });
  expect(fallen.verdict.outcome).toBe("going");
  const quartic = await parseFormula("x^4 + y^4");
  const there = trajectory({ surface: quartic, optimizer: "sgd", from: [0.3, 0.2], lr: 1, steps: 3000 });
  expect(there.verdict.outcome).toBe("converged");
});
