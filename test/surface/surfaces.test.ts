/** Every surface: its formula, its slopes and its minima, each against something that shares no code with it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reference } from "../../src/engine/index.ts";
import { symmetricEigenvalues } from "../../src/surface/eigenvalues.ts";
import { evaluator, makeSurface, surfaceGrid, surfaces } from "../../src/surface/index.ts";

const sq = (v: number): number => v * v;

/** The formulas once more, from the papers and handbooks, in plain arithmetic; two coordinates and default options. */
const formulas: Readonly<Record<string, (x: number, y: number) => number>> = {
  bowl: (x, y) => (x * x + 10 * y * y) / 2,
  ravine: (x, y) => (x * x + 100 * y * y) / 2,
  rosenbrock: (x, y) => sq(1 - x) + 100 * sq(y - x * x),
  beale: (x, y) => sq(1.5 - x + x * y) + sq(2.25 - x + x * y ** 2) + sq(2.625 - x + x * y ** 3),
  booth: (x, y) => sq(x + 2 * y - 7) + sq(2 * x + y - 5),
  himmelblau: (x, y) => sq(x * x + y - 11) + sq(x + y * y - 7),
  saddle: (x, y) => (x * x) / 2 - (y * y) / 2 + y ** 4 / 4,
  "monkey-saddle": (x, y) => x ** 3 - 3 * x * y * y,
  "double-well": (x, y) => {
    const [a, b] = [-25 * (sq(x + 1) + y * y), -0.5 * (sq(x - 2) + y * y)].map((v) => v / 0.05);
    const larger = Math.max(a!, b!);
    return -0.05 * (larger + Math.log(Math.exp(a! - larger) + Math.exp(b! - larger)));
  },
  product: (u, v) => sq(u * v - 1) / 2,
  "three-hump-camel": (x, y) => 2 * x * x - 1.05 * x ** 4 + x ** 6 / 6 + x * y + y * y,
  "six-hump-camel": (x, y) => 4 * x * x - 2.1 * x ** 4 + x ** 6 / 3 + x * y - 4 * y * y + 4 * y ** 4,
  "styblinski-tang": (x, y) => (x ** 4 - 16 * x * x + 5 * x + y ** 4 - 16 * y * y + 5 * y) / 2,
  rastrigin: (x, y) => 20 + x * x - 10 * Math.cos(2 * Math.PI * x) + y * y - 10 * Math.cos(2 * Math.PI * y),
  ackley: (x, y) =>
    -20 * Math.exp(-0.2 * Math.sqrt((x * x + y * y) / 2)) -
    Math.exp((Math.cos(2 * Math.PI * x) + Math.cos(2 * Math.PI * y)) / 2) +
    20 +
    Math.E,
  "goldstein-price": (x, y) =>
    (1 + sq(x + y + 1) * (19 - 14 * x + 3 * x * x - 14 * y + 6 * x * y + 3 * y * y)) *
    (30 + sq(2 * x - 3 * y) * (18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y)),
  easom: (x, y) => -Math.cos(x) * Math.cos(y) * Math.exp(-sq(x - Math.PI) - sq(y - Math.PI)),
  kink: (x, y) => Math.abs(x) + 5 * Math.abs(y),
};

/** Places on a grid of thousandths inside the domain, off the folds of `kink`. */
const place = (domain: readonly (readonly [number, number])[]): fc.Arbitrary<number[]> =>
  fc.tuple(
    ...domain.map(([lo, hi]) =>
      fc.integer({ min: 1, max: 999 }).map((k) => lo + ((hi - lo) * (k + 0.123)) / 1000),
    ),
  );

test("each surface has a formula here to compare with", () => {
  expect(surfaces.map((s) => s.name).sort()).toEqual(Object.keys(formulas).sort());
});

describe.for(surfaces.map((s) => [s.name, s] as const))("%s", ([name, entry]) => {
  const surface = entry.make();
  const domain = surface.domain!;
  const { value, gradient, hessian } = evaluator(surface);
  const slow = evaluator(surface, { backend: reference });

  test("is its formula", () => {
    fc.assert(
      fc.property(place(domain), ([x, y]) => {
        const want = formulas[name]!(x!, y!);
        for (const e of [value, slow.value]) {
          expect(Math.abs(e([x!, y!]) - want)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(want)));
        }
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  test("slopes as finite differences of the formula say", () => {
    fc.assert(
      fc.property(place(domain), (at) => {
        const found = gradient(at);
        at.forEach((_, i) => {
          const h = 1e-5;
          const along = (d: number): number =>
            formulas[name]!(...(at.map((v, j) => (j === i ? v + d : v)) as [number, number]));
          // fourth order: the error is h⁴ f⁗⁗'/30 and rounding ε f/h
          const want = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h);
          const size = Math.max(1, Math.abs(want), 1e-5 * Math.abs(along(0)));
          expect(Math.abs(found[i]! - want)).toBeLessThanOrEqual(1e-5 * size);
        });
      }),
      { numRuns: 25, seed: 2 },
    );
  });

  test("has its minima where it says", () => {
    for (const { at, value: minimum } of surface.minima) {
      const rounding = 1e-14 * Math.max(1, Math.abs(minimum));
      expect(Math.abs(value(at) - minimum)).toBeLessThan(rounding);
      expect(Math.abs(formulas[name]!(...(at as [number, number])) - minimum)).toBeLessThan(rounding);
      for (const g of gradient(at)) expect(Math.abs(g)).toBeLessThan(1e4 * rounding);
      const curvatures = symmetricEigenvalues(hessian(at), at.length);
      if (name !== "kink") expect(curvatures[0]).toBeGreaterThanOrEqual(0);
      expect(curvatures.every(Number.isFinite)).toBe(true);
    }
  });

  test("no place in the domain lies below the global minimum", () => {
    const [x, y] = domain;
    const { values } = surfaceGrid(surface, { x: x!, y: y!, columns: 80, rows: 60 });
    expect(values.every(Number.isFinite)).toBe(true);
    const minimum = surface.minima.find((m) => m.kind === "global");
    if (minimum) expect(Math.min(...values)).toBeGreaterThanOrEqual(minimum.value - 1e-12);
  });

  test("starts and minima lie in the domain", () => {
    const inside = (at: readonly number[]): boolean =>
      at.every((v, i) => v >= domain[i]![0] && v <= domain[i]![1]);
    expect(inside(surface.start)).toBe(true);
    // of the product's two sheets the drawing shows one
    expect(surface.minima.some((m) => inside(m.at)) || surface.minima.length === 0).toBe(true);
  });
});

const sized = surfaces.filter((s) => s.options.some((o) => o.name === "dimension"));
test.for(
  sized.flatMap((s) => (s.name === "rosenbrock" ? [3, 10] : [1, 3, 10]).map((n) => [s.name, n] as const)),
)("%s of %i coordinates", ([name, n]) => {
  const surface = makeSurface(name, { dimension: n });
  const { value, gradient } = evaluator(surface);
  expect([surface.variables.length, surface.start.length, surface.domain!.length]).toEqual([n, n, n]);
  for (const m of surface.minima) {
    expect(value(m.at)).toBeCloseTo(m.value, 10);
    for (const g of gradient(m.at)) expect(Math.abs(g)).toBeLessThan(1e-10);
  }
});

test("a turned ravine has the curvatures of the straight one", () => {
  const { hessian } = evaluator(makeSurface("ravine", { rotation: 30, dimension: 3 }));
  const curvatures = symmetricEigenvalues(hessian([0.3, -2, 1]), 3);
  [1, 10, 100].forEach((want, i) => expect(curvatures[i]).toBeCloseTo(want, 10));
});

test("eigenvalues of a matrix with known ones", () => {
  // the second-difference matrix of order n: 2 − 2cos(kπ/(n+1))
  const n = 8;
  const rows = Array.from({ length: n * n }, (_, k) => {
    const apart = Math.abs(Math.floor(k / n) - (k % n));
    return apart === 0 ? 2 : apart === 1 ? -1 : 0;
  });
  symmetricEigenvalues(rows, n).forEach((found, k) => {
    expect(found).toBeCloseTo(2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)), 12);
  });
});

test("a wrong name or option says what there is", () => {
  expect(() => makeSurface("rosenbrok")).toThrow(/no surface named "rosenbrok"/);
  expect(() => makeSurface("ravine", { kapa: 3 })).toThrow(/no option "kapa"/);
  expect(() => makeSurface("ravine", { kappa: 0 })).toThrow(/kappa is 0/);
});
