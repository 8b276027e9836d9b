/** Bounds against runs whose answer is known: the lesson's own problems, and closed forms. */
import { describe, expect, test } from "vitest";
import { memoryHost } from "../../data/index.ts";
import { wasm } from "../../engine/backends/wasm.ts";
import { parseRun } from "../../run/parse-run.ts";
import { type BuiltRun, buildRun } from "../../train/build.ts";
import { runObjective } from "../../train/objective.ts";
import { type Analysis, type AnalyzeOptions, analyze } from "./analysis.ts";
import { BOUNDS, heavyBallRate, noiseFloor } from "./bounds.ts";
import { findMinimum } from "./minimum.ts";

const flipped = {
  name: "flipped",
  data: { source: "lesson-logistic-flipped" },
  model: { kind: "linear", bias: false },
  loss: "bce-with-logits",
  optimizer: { name: "sgd", lr: 2 },
  batchSize: "full",
  epochs: 100,
  validation: 0,
  dtype: "float64",
};
const squares = { ...flipped, name: "squares", data: { source: "lesson-least-squares" }, loss: "mse" };
const separable = { ...flipped, name: "separable", data: { source: "lesson-logistic" } };

const build = (record: unknown): Promise<BuiltRun> =>
  buildRun(parseRun(record as Parameters<typeof parseRun>[0]), { host: memoryHost({}), backend: wasm });

const analysis = async (record: unknown, options: Partial<AnalyzeOptions> = {}): Promise<Analysis> =>
  (await analyze(await build(record), {
    backend: wasm,
    rows: "full",
    steps: 100,
    from: 0,
    seed: 0,
    points: 3,
    ...options,
  }))!;
test("without steps it follows the run's own; what is no whole number is refused, not followed for ever", async () => {
  const run = await build({ ...squares, steps: 3, epochs: undefined, optimizer: { name: "sgd", lr: 0.1 } });
  const { sharpness } = (await analyze(run, { backend: wasm, rows: "full", points: 2 }))!;
  expect(sharpness.map((p) => p.step)).toEqual([0, 3]);
  for (const bad of [{ steps: Number.NaN }, { steps: 2.5 }, { from: -1 }, { points: 0 }])
    await expect(analyze(run, { backend: wasm, rows: "full", ...bad })).rejects.toThrow(/analyze: \w+ is/);
});

const zeroed = (run: BuiltRun): BuiltRun => {
  for (const t of run.step.state) t.values.fill(0);
  return run;
};

describe("the lesson's second program: limits measured by NumPy and PyTorch (mission.md C5)", () => {
  test("2/λmax at zero weights is 6.82", async () => {
    const run = zeroed(await build(separable));
    const { limits } = (await analyze(run, { ...plain, steps: 0 }))!;
    expect(limits[0]!.limit).toBeCloseTo(6.82, 2);
  });
  test("flipped labels: 10.197 at the minimum, and there every bound is promised and held", async () => {
    const { limits, convergence } = await analysis(flipped, { steps: 200 });
    expect(limits[0]!.limit).toBeCloseTo(10.197, 3);
    expect(convergence!.minimum.loss).toBeCloseTo(0.4941, 4);
    expect(convergence!.assumptions.filter((a) => !a.holds)).toEqual([]);
    for (const b of convergence!.bounds) expect([b.id, b.broken, b.holds]).toEqual([b.id, [], true]);
  });
  test("least squares: 1.70499 for half the squared error, so half of that for mse", async () => {
    const { limits, start, end } = await analysis(squares, { steps: 5 });
    expect(limits[0]!.limit).toBeCloseTo(1.70499 / 2, 5);
    expect(end!.largest.value).toBeCloseTo(start.largest.value, 12);
  });
  test("separable classes: no minimum, and it says so", async () => {
    const { convergence } = await analysis(separable, { steps: 20 });
    expect(convergence!.minimum).toMatchObject({ reached: false, reason: "runs-away", distance: null });
    expect(convergence!.bounds.every((b) => b.values === null && b.broken.includes("minimum"))).toBe(true);
  });
});

const plain: AnalyzeOptions = {
  backend: wasm,
  rows: "full",
  steps: 0,
  from: 0,
  seed: 0,
};

test("the lesson's first program: 2/L = 0.0008 at zero weights", async () => {
  const record = { ...flipped, data: { source: "lesson-ill-conditioned" }, model: { kind: "linear" } };
  const { start } = (await analyze(zeroed(await build(record)), plain))!;
  expect(2 / start.largest.value).toBeCloseTo(0.0008, 5);
});

test("broken assumptions are named, each by what breaks it", async () => {
  const { convergence } = await analysis(
    {
      ...flipped,
      optimizer: { name: "adam", lr: 30 },
      batchSize: 20,
      schedule: "cosine-annealing",
      clip: { globalNorm: 1 },
    },
    { steps: 10 },
  );
  const evidence = Object.fromEntries(convergence!.assumptions.map((a) => [a.id, [a.holds, a.evidence]]));
  expect(evidence["plain"]).toEqual([
    false,
    "not plain gradient descent: the optimizer is adam, gradients are clipped",
  ]);
  expect(evidence["full-batch"]).toEqual([false, "stochastic: batches of 20 of 200 rows"]);
  expect(evidence["constant-rate"]![0]).toBe(false);
  expect(evidence["below-2/L"]![0]).toBe(false);
  expect(evidence["convex"]![0]).toBe(true);
});

test("a network is told from a convex problem by its negative curvature", async () => {
  const record = { ...flipped, model: { kind: "mlp", hidden: [4] }, optimizer: { name: "sgd", lr: 0.5 } };
  const { start, convergence } = await analysis(record, { steps: 10 });
  expect(start.smallest.value).toBeLessThan(-1e-3);
  expect(start.kappa).toBeNull();
  const [convex] = convergence!.assumptions.filter((a) => a.id === "convex");
  expect(convex).toMatchObject({ holds: false });
  expect(convergence!.minimum).toMatchObject({ reached: false, reason: "not-sought" });
});

test("a rate above the limit: bounds are not promised, the run diverges and is not mistaken for healthy", async () => {
  const { diverged, limits, end } = await analysis(
    { ...squares, optimizer: { name: "sgd", lr: 1e30 } },
    { steps: 100 },
  );
  expect(diverged).toBeGreaterThan(0);
  expect(end).toBeNull();
  expect(limits[0]!.stable).toBe(false);
});

test("heavy ball: the long-run rate on a quadratic is measured as predicted", async () => {
  const momentum = 0.7;
  const { convergence } = await analysis(
    { ...squares, optimizer: { name: "sgd", lr: 0.05, momentum } },
    { steps: 80 },
  );
  const { predicted, measured } = convergence!.momentum!;
  expect(predicted).toBeCloseTo(0.7, 12); // all curvatures are underdamped: √β² a step
  expect(Math.abs(Math.log(measured!) / Math.log(predicted) - 1)).toBeLessThan(0.1);
});

test("Polyak's best momentum has the rate of √κ", () => {
  const [L, mu] = [1000, 1];
  const root = Math.sqrt(L / mu);
  const rate = heavyBallRate({
    lr: 4 / (Math.sqrt(L) + Math.sqrt(mu)) ** 2,
    beta: ((root - 1) / (root + 1)) ** 2,
    L,
    mu,
  });
  // a double root: rounding enters by its square root
  expect(rate).toBeCloseTo((root - 1) / (root + 1), 6);
});

test("SGD settles at the predicted noise floor (mission.md C11: variance ησ²/(λ(2−ηλ)))", () => {
  // f = λx²/2 with noise of variance 1: η = 0.1 measured 0.05239 against 0.05263 for λ = 1
  const [, high] = noiseFloor({ lr: 0.1, L: 1, trace: 1, batchSize: 1 });
  expect(2 * high).toBeCloseTo(0.05263, 5);
  const [low] = noiseFloor({ lr: 1e-6, L: 1, trace: 1, batchSize: 4 });
  expect(low).toBeCloseTo(1e-6 / 16, 12);
});

test("a noisy run's gap ends at the floor", async () => {
  const record = { ...flipped, optimizer: { name: "sgd", lr: 0.5 }, batchSize: 4, epochs: 40 };
  const { convergence } = await analysis(record, { steps: 1500 });
  const { predicted, measured } = convergence!.floor!;
  // rows drawn without replacement make less noise than the independent ones of the formula
  expect(measured).toBeGreaterThan(predicted[0] / 4);
  expect(measured).toBeLessThan(2 * predicted[1]);
});

describe("closed forms", () => {
  const at = (id: string, facts: Partial<Parameters<(typeof BOUNDS)[number]["at"]>[0]>, k: number): number =>
    BOUNDS.find((b) => b.id === id)!.at({ L: 1, mu: 0, lr: 1, distanceSquared: 1, gap: 1, ...facts }, k);
  test("are the textbook's at η = 1/L and 2/(L+μ)", () => {
    expect(at("convex", { L: 4, lr: 1 / 4, distanceSquared: 3 }, 10)).toBeCloseTo((4 * 3) / 20, 14);
    // Nesterov 2004, theorem 2.1.14, at h = 1/L
    expect(at("convex-general", { L: 4, lr: 1 / 4, distanceSquared: 3, gap: 5 }, 10)).toBeCloseTo(
      (2 * 5 * 3) / (2 * 3 + (10 * 5) / 4),
      14,
    );
    expect(at("convex-sharp", { L: 4, lr: 1 / 4, distanceSquared: 3 }, 10)).toBeCloseTo((4 * 3) / 42, 14);
    expect(at("linear", { L: 100, mu: 1, lr: 1 / 100 }, 1000)).toBeCloseTo(4.317e-5, 8); // mission.md C10: 4.3e-5
    expect(at("linear-sharp", { L: 100, mu: 1, lr: 2 / 101 }, 1000)).toBeCloseTo(4.2e-18, 19); // C10: 4.2e-18
  });
  test("the sharp bound is met exactly by Huber's function", () => {
    // f = δ|x| − δ²/2 beyond δ, x²/2 within; L = 1, δ = 1/(2k+1) for x₀ = 1: the worst case of Drori & Teboulle
    const k = 20;
    const delta = 1 / (2 * k + 1);
    let x = 1;
    for (let i = 0; i < k; i++) x -= Math.abs(x) > delta ? delta * Math.sign(x) : x;
    const f = Math.abs(x) > delta ? delta * Math.abs(x) - delta ** 2 / 2 : x ** 2 / 2;
    expect(f).toBeCloseTo(at("convex-sharp", {}, k), 15);
  });
});

test("Newton's method on a singular quadratic finds the minimum nearest to the start", async () => {
  // f = ½(x₁ + x₂ − 2)²: from (3, 1) the nearest minimum is (2, 0)
  const hessian = {
    size: 2,
    apply: (v: Float64Array, out: Float64Array): void => {
      out.fill(v[0]! + v[1]!);
    },
  };
  const x = Float64Array.of(3, 1);
  const rest = (): number => x[0]! + x[1]! - 2;
  const found = await findMinimum(
    {
      size: 2,
      moveTo: (p) => x.set(p),
      point: () => x.slice(),
      loss: () => rest() ** 2 / 2,
      gradient: (out) => {
        out.fill(rest());
        return rest() ** 2 / 2;
      },
      hessian,
    },
    { from: x.slice() },
  );
  expect(found.reason).toBeNull();
  expect([...found.point!]).toEqual([2, 0]);
});

test("the objective is the run's own loss: batches, dtypes and row counts agree", async () => {
  const run = await build(flipped);
  const whole = runObjective(run, { rows: "full" });
  expect(whole.loss()).toBeCloseTo(run.advance(0, 0).loss, 12);
  const some = runObjective(run, { rows: 150, dtype: "float32" });
  expect([some.rows, some.of, some.dtype]).toEqual([150, 200, "float32"]);
  const out = new Float64Array(5);
  const all = Int32Array.from({ length: 200 }, (_, i) => i);
  expect(whole.gradientOfRows(all, out)).toBeCloseTo(whole.loss(), 12);
  run.step.state[0]!.values[0] = 3;
  const before = whole.loss();
  whole.sync();
  expect(whole.loss()).not.toBe(before);
  expect(() => runObjective(run, { rows: 0 })).toThrow(/whole number/);
  run.step.state[0]!.values[0] = Number.NaN;
  whole.sync();
  expect(() => whole.loss()).toThrow(/loss is NaN/);
});
