import { describe, expect, test } from "vitest";
import { wasm } from "../../src/engine/backends/wasm.ts";
import {
  abs,
  add,
  cast,
  constant,
  div,
  type Expr,
  exp,
  floor,
  input,
  log1p,
  max,
  mean,
  mul,
  neg,
  type Operand,
  type Shape,
  square,
  sub,
  sum,
  take,
  topologicalOrder,
} from "../../src/engine/graph/index.ts";
import { valueAndGrad } from "../../src/engine/rules/differentiate.ts";
import {
  accumulate,
  compileObjective,
  findOptimizer,
  flattenState,
  type Hyper,
  minimize,
  optimizers,
  stateInputs,
  type Tensors,
  unflattenState,
} from "../../src/optim/index.ts";
import { mapTensors } from "../../src/optim/tensors.ts";
import { makeTrainer, type Trainer, type TrainerOptions } from "./program.ts";

/** Non-separable data, made by hand: 12 points, two features. */
const points = [-2, 1, -1, -1, 0, 2, 1, 0, 2, 1, -1, 2, 0, -2, 1, 1, 2, -1, -2, -2, 1, 3, 0, 0];
const labels = [0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0];

interface Problem {
  readonly start: readonly number[];
  readonly loss: (x: Expr) => Expr;
  /** The loss that counts as converged. */
  readonly goal: number;
  readonly steps: number;
}

const at = (x: Expr, i: number): Expr => take(x, 0, i);
const logistic = (x: Expr): Expr => {
  const data = constant(Float64Array.from(points), { shape: [12, 2], dtype: "float64" });
  const y = constant(Float64Array.from(labels), { shape: [12], dtype: "float64" });
  const z = add(add(mul(at(x, 0), column(data, 0)), mul(at(x, 1), column(data, 1))), at(x, 2));
  return mean(add(sub(max(z, 0), mul(z, y)), log1p(exp(neg(abs(z))))));
};
const column = (m: Expr, i: number): Expr => take(m, 1, i);

const bestLogistic = minimize(
  compileObjective(({ x }) => logistic(x!), { x: [3] }),
  new Float64Array(3),
).value;

const problems: Readonly<Record<string, Problem>> = {
  sphere: {
    start: [3, -2, 1],
    loss: (x) => mul(0.5, sum(square(x))),
    goal: 7e-3, // a thousandth of the start
    steps: 3000,
  },
  rosenbrock: {
    start: [-1.5, 2],
    loss: (x) => add(square(sub(1, at(x, 0))), mul(100, square(sub(at(x, 1), square(at(x, 0)))))),
    goal: 0.5, // the start is 12.5, the bend of the valley 4
    steps: 10_000,
  },
  beale: {
    start: [1, 1],
    loss: (x) => {
      const [a, b] = [at(x, 0), at(x, 1)];
      const term = (c: number, power: Expr): Expr => square(add(c, mul(a, sub(power, 1))));
      return add(add(term(1.5, b), term(2.25, square(b))), term(2.625, mul(b, square(b))));
    },
    goal: 0.05, // the start is 14.2
    steps: 3000,
  },
  logistic: { start: [0, 0, 0], loss: logistic, goal: bestLogistic + 0.01, steps: 3000 },
};

/** One learning rate has to do; the grid is coarse enough that finding one is no luck. */
const rates = [1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4];

/** Where the step of a vector has the size of 1/g, rates have that of its gradients' squares. */
const larger: Readonly<Record<string, number>> = { "shampoo-sequential": 1e4 };

const lowest = (trainer: Trainer, { steps, goal }: Problem, factor = 1): number => {
  let best = Number.POSITIVE_INFINITY;
  for (const lr of rates.map((r) => factor * r)) {
    trainer.reset();
    for (let k = 0; k < steps; k++) trainer.step(lr);
    const loss = trainer.loss();
    if (loss < best) best = loss;
    if (best <= goal) break;
  }
  return best;
};

/** Where a default is meant to pull the weights away from the minimum, or makes the steps of vectors 1/ε long. */
const undecayed: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  muon: { weightDecay: 0 },
  scion: { constrained: false },
  "shampoo-sequential": { epsilon: 100 },
  "sophia-h": { weightDecay: 0 },
};

const shapes: Readonly<Record<string, Shape>> = { scalar: [], one: [1], none: [0], matrix: [3, 5] };
const start = Object.fromEntries(
  Object.entries(shapes).map(([name, shape]) => [
    name,
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 0.5 + 0.25 * i),
  ]),
);
/** A quadratic around a centre that moves with c; every tensor takes part. */
const bowl =
  (c: Operand) =>
  (params: Tensors): Expr =>
    Object.values(params).reduce(
      (t, p) => add(t, mul(0.5, cast(sum(square(sub(p, c))), "float64"))),
      constant(0, { dtype: "float64" }),
    );

const inputsLike = (dtype: "float32" | "float64"): Tensors =>
  Object.fromEntries(Object.entries(shapes).map(([n, s]) => [n, input(n, s, dtype) as Expr]));

const show = (x: Tensors): Record<string, string> =>
  Object.fromEntries(Object.entries(x).map(([k, e]) => [k, `${e.dtype} [${e.shape}]`]));

const hyperOf = (loss: (p: Tensors) => Expr, params: Tensors): Hyper => ({
  lr: input("lr", [], "float64") as Expr,
  step: input("step", [], "float64") as Expr,
  key: [input("key0", [], "int32") as Expr, input("key1", [], "int32") as Expr],
  loss: loss(params),
  evaluate: (at) => valueAndGrad(loss)(at) as [Expr, Tensors],
});

describe("every optimizer of the table", () => {
  describe.for(optimizers.map((o) => [o.name, o] as const))("%s", ([, entry]) => {
    test.for(Object.entries(problems))("converges on %s", ([, problem]) => {
      const trainer = makeTrainer({
        backend: wasm,
        dtype: "float64",
        shapes: { x: [problem.start.length] },
        start: { x: problem.start },
        loss: ({ x }) => problem.loss(x!),
        transform: entry.make(undecayed[entry.name]),
      });
      expect(lowest(trainer, problem, larger[entry.name])).toBeLessThanOrEqual(problem.goal);
    });

    test.for(["float32", "float64"] as const)("keeps %s and the shapes of weights and state", (dtype) => {
      const params = inputsLike(dtype);
      const transform = entry.make();
      const loss = bowl(2);
      const grads = valueAndGrad(loss)(params)[1] as Tensors;
      const before = stateInputs(transform.init(params), "state.");
      const [updates, after] = transform.update(grads, before, params, hyperOf(loss, params));
      expect(show(updates)).toEqual(show(params));
      expect(show(flattenState(after))).toEqual(show(flattenState(before)));
      const scalars = Object.entries(flattenState(before)).filter(([, e]) => e.dtype !== dtype);
      // what is kept for the whole model is a float64 scalar
      for (const [name, e] of scalars) expect(`${name} ${e.dtype} [${e.shape}]`).toBe(`${name} float64 []`);
    });

    test("steps tensors of shape [], [1], [0] and [3, 5] downhill", () => {
      const trainer = makeTrainer({
        backend: wasm,
        dtype: "float32",
        shapes,
        start,
        loss: bowl(2),
        transform: entry.make(undecayed[entry.name]),
      });
      const before = trainer.loss();
      for (let k = 0; k < 60; k++) trainer.step(0.03);
      expect(trainer.loss()).toBeLessThan(before);
      expect(trainer.evaluated()["none"]).toEqual([]);
    });

    test("takes the same next step after its state is saved and loaded", () => {
      const options: TrainerOptions = {
        backend: wasm,
        dtype: "float32",
        shapes,
        start,
        loss: bowl(2),
        transform: entry.make(),
      };
      const first = makeTrainer(options);
      for (let k = 0; k < 3; k++) first.step(0.01);
      const saved = structuredClone({ params: first.params(), state: copy(first.state()) });
      const second = makeTrainer(options);
      second.load(saved.params, saved.state, 3);
      first.step(0.01);
      second.step(0.01);
      expect(second.params()).toEqual(first.params());
      expect(copy(second.state())).toEqual(copy(first.state()));
    });

    test("has a state that flattens to names and back", () => {
      const template = stateInputs(entry.make().init(inputsLike("float32")));
      const flat = flattenState(template);
      expect(unflattenState(template, flat)).toEqual(template);
      const [name] = Object.keys(flat);
      if (name === undefined) return;
      const { [name]: _, ...missing } = flat;
      expect(() => unflattenState(template, missing)).toThrow(`the state ${name} should be`);
    });

    test("reads the learning rate and the step as inputs of one program", () => {
      const params = inputsLike("float64");
      const transform = entry.make();
      const loss = bowl(2);
      const grads = valueAndGrad(loss)(params)[1] as Tensors;
      const hyper = hyperOf(loss, params);
      const [updates, after] = transform.update(grads, transform.init(params), params, hyper);
      const used = topologicalOrder([...Object.values(updates), ...Object.values(flattenState(after))]);
      // Adafactor as its paper has it sets the rate itself
      expect(used.includes(hyper.lr)).toBe(entry.name !== "adafactor-hf");
    });

    test("stays finite where a warm-up starts at a rate of 0, and keeps its own momentum where a schedule has none", () => {
      // a weight without a gradient too
      const loss = ({ x }: Tensors): Expr => mul(0.5, square(sub(at(x!, 0), 2)));
      const trained = (scheduledMomentum: boolean): number[] => {
        const options = {
          backend: wasm,
          dtype: "float64",
          shapes: { x: [2] },
          start: { x: [1, 1] },
        } as const;
        const trainer = makeTrainer({ ...options, loss, transform: entry.make(), scheduledMomentum });
        for (let k = 0; k < 6; k++) trainer.step(0.01 * k, Number.NaN);
        return trainer.params()["x"]!;
      };
      const own = trained(false);
      expect(own.every(Number.isFinite)).toBe(true);
      expect(trained(true)).toEqual(own);
    });

    test("accumulates four small batches to the step of the big one", () => {
      const transform = entry.make();
      // four centres with mean 2
      const centre = (step: Expr): Expr => add(0.5, sub(sub(step, 1), mul(4, floor(div(sub(step, 1), 4)))));
      const common = { backend: wasm, dtype: "float64", shapes, start } as const;
      const small = makeTrainer({
        ...common,
        loss: bowl(2),
        gradients: (params, step) => mapTensors(params, (p) => sub(p, centre(step))),
        transform: accumulate(transform, { steps: 4 }),
      });
      const big = makeTrainer({ ...common, loss: bowl(2), transform });
      for (let k = 0; k < 12; k++) {
        if (k % 4 === 0) big.step(0.01);
        if (entry.needs.includes("key")) break; // the noise of step 4 is not that of step 1
        small.step(0.01);
        if (k % 4 === 3) expectClose(small.params(), big.params());
      }
    });
  });
});

function expectClose(got: Record<string, number[]>, want: Record<string, number[]>): void {
  for (const [name, values] of Object.entries(want)) {
    values.forEach((w, i) => {
      expect(Math.abs(got[name]![i]! - w), `${name}[${i}]`).toBeLessThanOrEqual(
        1e-12 * Math.max(1, Math.abs(w)),
      );
    });
  }
}

const copy = (state: Record<string, ArrayLike<number>>): Record<string, number[]> =>
  Object.fromEntries(Object.entries(state).map(([k, v]) => [k, Array.from(v)]));

test("ftrl is AdaGrad under a rising rate too, without penalties: θ −= η g/√Σg² after the first step", () => {
  const trainer = makeTrainer({
    backend: wasm,
    dtype: "float64",
    shapes: { x: [1] },
    start: { x: [0] },
    loss: ({ x }) => mul(0.5, sum(square(sub(x!, 2)))),
    transform: findOptimizer("ftrl").make(),
  });
  let [x, squares] = [0, 0.1];
  for (let k = 0; k < 20; k++) {
    squares += (x - 2) ** 2;
    x -= (0.05 * k * (x - 2)) / Math.sqrt(squares);
    trainer.step(0.05 * k);
  }
  expect(trainer.params()["x"]![0]).toBeCloseTo(x, 12);
});

test("ftrl leaves a weight that has met no gradient, from a sum of squares of 0", () => {
  const trainer = makeTrainer({
    backend: wasm,
    dtype: "float64",
    shapes: { x: [2] },
    start: { x: [1, 1] },
    loss: ({ x }) => square(at(x!, 0)),
    transform: findOptimizer("ftrl").make({ initialAccumulatorValue: 0 }),
  });
  trainer.step(0.1);
  expect(trainer.params()["x"]![1]).toBe(1);
});

describe("stability limits", () => {
  const limited: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["sgd", {}],
    ["sgd", { momentum: 0.9 }],
    ["sgd", { momentum: 0.9, dampening: 0.5 }],
    ["sgd", { momentum: 0.9, nesterov: true }],
    ["sgd", { momentum: 0.9, weightDecay: 3 }],
    ["ema-momentum", {}],
    ["nag", {}],
    ["nesterov", { kappa: 100 }],
    ["optimistic-gd", { alpha: 0.8, beta: 0.3 }],
  ];
  test("are given for every row that claims one without preconditioning", () => {
    const named = optimizers
      .filter((o) => o.stabilityLimit && !o.stabilityLimit.preconditioner)
      .map((o) => o.name);
    expect(named.filter((n) => !limited.some(([m]) => m === n))).toEqual(["noisy-sgd"]);
  });
  test.for(limited)("%s %o: one percent below converges, one percent above diverges", ([name, options]) => {
    const sharpness = 7;
    const entry = findOptimizer(name);
    const all = Object.fromEntries(entry.options.map((o) => [o.name, o.default]));
    const limit = entry.stabilityLimit!.limit({ ...all, ...options }, sharpness);
    const trainer = makeTrainer({
      backend: wasm,
      dtype: "float64",
      shapes: { x: [1] },
      start: { x: [1] },
      loss: ({ x }) => mul(sharpness / 2, sum(square(x!))),
      transform: entry.make(options),
    });
    const far = (lr: number): number => {
      trainer.reset();
      for (let k = 0; k < 4000; k++) trainer.step(lr);
      return Math.abs(trainer.params()["x"]![0]!);
    };
    expect(far(0.99 * limit)).toBeLessThan(1e-3);
    expect(far(1.01 * limit)).toBeGreaterThan(1e3);
  });
});
