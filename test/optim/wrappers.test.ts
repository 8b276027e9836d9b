import { describe, expect, test } from "vitest";
import { interpret, reference } from "../../src/engine/backends/reference.ts";
import {
  add,
  constant,
  div,
  type Expr,
  eq,
  mul,
  select,
  square,
  sub,
  sum,
  zerosLike,
} from "../../src/engine/graph/index.ts";
import {
  adam,
  adamw,
  chain,
  clipByGlobalNorm,
  emaWeights,
  lookahead,
  masked,
  optimizers,
  parameterGroups,
  partition,
  percentileClip,
  sam,
  sgd,
  skipNonFinite,
  swaWeights,
  type Tensors,
  type Transform,
} from "../../src/optim/index.ts";
import { mapTensors } from "../../src/optim/tensors.ts";
import { makeTrainer, type Trainer } from "./program.ts";

const shapes = { w: [2], b: [1] };
const start = { w: [3, -2], b: [1] };
const loss = (p: Tensors): Expr =>
  add(mul(0.5, sum(square(p["w"]!))), mul(0.5, sum(square(sub(p["b"]!, 4)))));

const train = (transform: Transform, gradients?: (params: Tensors, step: Expr) => Tensors): Trainer =>
  makeTrainer({
    backend: reference,
    dtype: "float64",
    shapes,
    start,
    loss,
    transform,
    ...(gradients ? { gradients } : {}),
  });

const own = (p: Tensors): Tensors => ({ w: p["w"]!, b: sub(p["b"]!, 4) });

/** The loss's gradients, but NaN (0/0) or infinite (1/0) at the given step. */
const broken =
  (at: number, kind: "nan" | "infinite") =>
  (p: Tensors, step: Expr): Tensors =>
    mapTensors(own(p), (g) => {
      const zero = zerosLike(g);
      return select(eq(step, at), kind === "nan" ? div(zero, zero) : div(add(zero, 1), zero), g);
    });

describe("skipNonFinite", () => {
  test.for(["nan", "infinite"] as const)(
    "leaves weights, moments and bias correction alone at a %s gradient",
    (kind) => {
      const guarded = train(skipNonFinite(adam()), broken(3, kind));
      const plain = train(adam());
      for (let k = 1; k <= 5; k++) {
        guarded.step(0.1);
        expect(guarded.measured()["skipped"]).toBe(k === 3 ? 1 : 0);
        if (k !== 3) plain.step(0.1);
        expect(guarded.params()).toEqual(plain.params());
      }
      expect(guarded.measured()["skippedTotal"]).toBe(1);
    },
  );
  test("without it, the same gradient spoils the weights", () => {
    const plain = train(adam(), broken(3, "nan"));
    for (let k = 1; k <= 5; k++) plain.step(0.1);
    expect(plain.params()["w"]![0]).toBeNaN();
  });
});

describe("parameter groups and masks", () => {
  test("a frozen group stays, the others move", () => {
    const t = train(parameterGroups("adamw", { lr: 0.1 }, [{ match: /^w$/, frozen: true }]));
    t.step(0.1);
    expect(t.params()["w"]).toEqual([3, -2]);
    expect(t.params()["b"]![0]).toBeGreaterThan(1);
  });
  test("a group's rate keeps its ratio under a schedule", () => {
    const t = train(parameterGroups("sgd", { lr: 0.1 }, [{ match: ["b"], options: { lr: 0.2 } }]));
    t.step(0.05); // half of the common rate, so 0.1 for b
    expect(t.params()["w"]![0]).toBeCloseTo(3 - 0.05 * 3, 14);
    expect(t.params()["b"]![0]).toBeCloseTo(1 - 0.1 * (1 - 4), 14);
  });
  test("a masked transform leaves other gradients as they are", () => {
    const t = train(chain(masked(clipByGlobalNorm(1), ["w"]), sgd()));
    t.step(1);
    const norm = Math.hypot(3, 2);
    expect(t.params()["w"]![0]).toBeCloseTo(3 - 3 / (norm + 1e-6), 12);
    expect(t.params()["b"]![0]).toBeCloseTo(4, 14);
  });
  test("an unknown option of a group, and an unknown part, are errors", () => {
    expect(() => parameterGroups("sgd", {}, [{ match: ["b"], options: { momentun: 0.9 } }])).toThrow(
      'sgd has no option "momentun"',
    );
    expect(() => partition({ a: sgd() }, () => "b").init({ w: 0 as never })).toThrow(
      'parameter w is assigned to "b"',
    );
  });
});

describe("averages", () => {
  test("lookahead is evaluated at the slow weights", () => {
    const t = train(lookahead(sgd(), { k: 2, alpha: 0.5 }));
    t.step(0.1);
    expect(t.evaluated()["w"]).toEqual([3, -2]);
    t.step(0.1);
    expect(t.evaluated()).toEqual(t.params());
    expect(t.params()["w"]![0]).toBeCloseTo(3 + 0.5 * (3 * 0.81 - 3), 14);
  });
  test("swa averages every second step's weights from its start on", () => {
    const t = train(swaWeights(sgd(), { start: 2, every: 2 }));
    const seen: number[] = [];
    for (let k = 1; k <= 6; k++) {
      t.step(0.1);
      seen.push(t.params()["w"]![0]!);
    }
    expect(t.evaluated()["w"]![0]).toBeCloseTo((seen[1]! + seen[3]! + seen[5]!) / 3, 14);
  });
  test("training does not see the average", () => {
    const [a, b] = [train(emaWeights(adamw())), train(adamw())];
    for (let k = 0; k < 5; k++) for (const t of [a, b]) t.step(0.1);
    expect(a.params()).toEqual(b.params());
    expect(a.evaluated()).not.toEqual(a.params());
  });
});

describe("what wrappers pass on", () => {
  test("learning rates and measures reach the outside of chains and wrappers", () => {
    const t = skipNonFinite(chain(clipByGlobalNorm(1), clipByGlobalNorm(0.5), adamw({ lr: 0.01 })));
    expect(t.lr).toBe(0.01);
    const run = train(t);
    run.step(0.1);
    // the first clip's norm is the gradient's: 3, −2, −3
    expect(run.measured()["gradNorm"]).toBeCloseTo(Math.sqrt(22), 12);
    expect(run.measured()).toMatchObject({ clipped: 1, nonFinite: 0, skipped: 0 });
  });
});

describe("scheduled weight decay", () => {
  test("hyper.weightDecay is a factor on every decay", () => {
    const scalar = (v: number): Expr => constant(v, { dtype: "float64" });
    const p = { w: constant(Float64Array.of(3, -2), { dtype: "float64" }) };
    const still = { w: zerosLike(p.w) };
    const step = (t: Transform, weightDecay?: Expr): number[] => {
      const hyper = { lr: scalar(0.5), step: scalar(1), ...(weightDecay ? { weightDecay } : {}) };
      return [...interpret([t.update(still, t.init(p), p, hyper)[0]["w"]!])[0]!];
    };
    for (const t of [adamw({ weightDecay: 0.2 }), sgd({ weightDecay: 0.2 })]) {
      expect(step(t)[0]).toBeCloseTo(-0.5 * 0.2 * 3, 14);
      expect(step(t, scalar(0.25))[0]).toBeCloseTo(-0.25 * 0.5 * 0.2 * 3, 14);
    }
  });
});

describe("percentile clip", () => {
  test("limits to NumPy's percentile of the recent norms", () => {
    // gradients of norm 1, 2, 3, … ; np.percentile([1, …, k], 50) is (k + 1)/2; with window 4 the last four count
    const gradients = (p: Tensors, step: Expr): Tensors => ({
      w: mul(step, add(zerosLike(p["w"]!), Math.SQRT1_2)),
      b: zerosLike(p["b"]!),
    });
    const t = train(chain(percentileClip({ percentile: 50, window: 4 }), sgd()), gradients);
    let before = t.params()["w"]![0]!;
    for (const [k, median] of [1, 1.5, 2, 2.5, 3.5, 4.5].entries()) {
      t.step(1);
      const now = t.params()["w"]![0]!;
      expect((before - now) * Math.SQRT2).toBeCloseTo(median, 5);
      expect(t.measured()["gradNorm"]).toBeCloseTo(k + 1, 12);
      expect(t.measured()["clipped"]).toBe(k === 0 ? 0 : 1);
      before = now;
    }
  });
});

describe("what the host has to provide", () => {
  test("is listed in the table and missed with a message", () => {
    const needs = Object.fromEntries(
      optimizers.filter((o) => o.needs.length > 0).map((o) => [o.name, o.needs]),
    );
    expect(needs).toEqual({
      "noisy-sgd": ["key"],
      "polyak-sgd": ["loss"],
      "psgd-kron": ["key"],
      "sophia-h": ["evaluate", "key"],
    });
    const bare = { lr: 0 as never, step: 0 as never };
    expect(() => sam(sgd()).update({}, { inner: {} }, {}, bare)).toThrow(
      "sam needs gradients at other weights",
    );
  });
});
