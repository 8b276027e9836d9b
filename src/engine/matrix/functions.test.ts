import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { symmetricEigen } from "./eigen.ts";
import { inverseRoot, powerIteration, solveTransposed } from "./functions.ts";
import { multiply } from "./multiply.ts";

/** Reproducible numbers in −1…1. */
function noise(count: number, seed = 1): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

const gram = (g: Float64Array, n: number, k: number): Float64Array =>
  multiply(g, g, { m: n, k, n, transposeB: true });

const largest = (x: Float64Array): number => x.reduce((max, v) => Math.max(max, Math.abs(v)), 0);

/** ‖BBᵀ − I‖, entry by entry. */
const fromOrthonormal = (rows: Float64Array, n: number): number =>
  largest(gram(rows, n, n).map((v, i) => v - (i % (n + 1) === 0 ? 1 : 0)));

interface RootCase {
  readonly id: string;
  readonly matrix: string;
  readonly G: readonly (readonly number[])[];
  readonly epsilon: number;
  readonly power: string;
  readonly output: readonly (readonly number[])[];
  readonly rtol: number;
}
const golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/optimizers-2026.json", import.meta.url), "utf8"),
) as { inverse_roots: readonly RootCase[] };

describe("inverse roots as recorded (test/golden/README-2026.md)", () => {
  test("are 16", () => expect(golden.inverse_roots).toHaveLength(16));
  test.for(golden.inverse_roots)("$id", ({ matrix, G, epsilon, power, output, rtol }) => {
    expect(matrix).toBe("G G^T");
    const n = G.length;
    const g = Float64Array.from(G.flat());
    const a = gram(g, n, g.length / n);
    const p = 1 / Number(/\(-1\/(\d+)\)$/.exec(power)![1]);
    const got = inverseRoot.compute([a, Float64Array.of(p, epsilon)], [n, n], multiply);
    const want = Float64Array.from(output.flat());
    expect(largest(got.map((v, i) => v - want[i]!)) / largest(want)).toBeLessThanOrEqual(rtol);
  });
});

describe("eigenvectors", () => {
  test.for([1, 2, 3, 7, 24, 65, 130])("of a matrix of size %i: VAVᵀ is diagonal, falling, to 1e-13", (n) => {
    const a = gram(noise(n * n), n, n);
    const { values, vectors } = symmetricEigen(a, n);
    expect(fromOrthonormal(vectors, n)).toBeLessThan(1e-13);
    const turned = multiply(multiply(vectors, a, { m: n, k: n, n }), vectors, {
      m: n,
      k: n,
      n,
      transposeB: true,
    });
    const scale = largest(a) * n;
    turned.forEach((v, i) => {
      const want = i % (n + 1) === 0 ? values[Math.floor(i / n)]! : 0;
      expect(Math.abs(v - want)).toBeLessThan(1e-13 * scale);
    });
    expect([...values]).toEqual([...values].sort((x, y) => y - x));
  });
  test("of matrices with equal eigenvalues, of rank 1, and of zeros", () => {
    const n = 9;
    const rank1 = gram(noise(n), n, 1);
    for (const a of [
      new Float64Array(n * n),
      rank1,
      Float64Array.from(rank1, (_, i) => (i % (n + 1) === 0 ? 3 : 0)),
    ])
      expect(fromOrthonormal(symmetricEigen(a, n).vectors, n)).toBeLessThan(1e-14);
    const { values } = symmetricEigen(rank1, n);
    expect(values[0]).toBeCloseTo(gram(noise(n), 1, n)[0]!, 12);
    expect(largest(values.subarray(1))).toBeLessThan(1e-15);
  });
  test.for([
    [196, 60],
    [130, 3],
    [64, 32],
  ] as const)("of a matrix of size %i and rank %i, of features of which some are constant", ([n, rank]) => {
    // as a layer's gradient on pictures whose margins are empty: rows of zeros, and rows that others repeat
    const g = noise(n * rank).map((v, i) => {
      const row = Math.floor(i / rank);
      return row % 7 === 0 ? 0 : row % 5 === 0 ? Math.fround(1e-6 * v) : Math.fround(v);
    });
    for (let row = 1; row < n; row += 11) g.copyWithin(row * rank, rank, 2 * rank);
    const a = gram(g, n, rank).map(Math.fround);
    const { values, vectors } = symmetricEigen(a, n);
    expect(fromOrthonormal(vectors, n)).toBeLessThan(1e-12);
    const back = multiply(
      Float64Array.from(
        { length: n * n },
        (_, i) => vectors[(i % n) * n + Math.floor(i / n)]! * values[i % n]!,
      ),
      vectors,
      { m: n, k: n, n },
    );
    expect(largest(back.map((v, i) => v - a[i]!)) / largest(a)).toBeLessThan(1e-12);
  });
  test("of a matrix with NaN are NaN, and don't hang", () => {
    expect(symmetricEigen(Float64Array.of(1, Number.NaN, 0, 2), 2).vectors.every(Number.isNaN)).toBe(true);
  });
});

describe("a step of the power iteration", () => {
  test.for([
    [3, 3],
    [4, 3],
    [64, 64],
    [100, 7],
    [130, 1],
  ] as const)("keeps %i rows orthonormal where the matrix has rank %i", ([n, rank]) => {
    const a = gram(noise(n * rank), n, rank);
    let basis = symmetricEigen(gram(noise(n * n, 5), n, n), n).vectors;
    for (let i = 0; i < 3; i++) {
      basis = powerIteration.compute([a, basis], [n, n], multiply);
      expect(fromOrthonormal(basis, n)).toBeLessThan(1e-13);
    }
  });
  test("repeated, finds the eigenvectors", () => {
    const n = 30;
    const a = gram(noise(n * n), n, n).map((v, i) => v + (i % (n + 1) === 0 ? i : 0));
    const { values, vectors } = symmetricEigen(a, n);
    let basis: Float64Array = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
    for (let i = 0; i < 400; i++) basis = powerIteration.compute([a, basis], [n, n], multiply);
    const quotients = multiply(multiply(basis, a, { m: n, k: n, n }), basis, {
      m: n,
      k: n,
      n,
      transposeB: true,
    });
    const found = Array.from({ length: n }, (_, i) => quotients[i * n + i]!).sort((x, y) => y - x);
    expect(found[0]! / values[0]!).toBeCloseTo(1, 9);
    expect(vectors).toHaveLength(n * n);
  });
});

test.for([1, 5, 24, 70])("triangular systems of size %i are solved", (n) => {
  const m = 11;
  const u = noise(n * n).map((v, i) => (i % n < Math.floor(i / n) ? 0 : i % (n + 1) === 0 ? 2 + v : v / n));
  const x = noise(n * m, 3);
  const ut = new Float64Array(n * n);
  u.forEach((v, i) => {
    ut[(i % n) * n + Math.floor(i / n)] = v;
  });
  const got = solveTransposed.compute([u, multiply(ut, x, { m: n, k: n, n: m })], [n, m], multiply);
  expect(largest(got.map((v, i) => v - x[i]!))).toBeLessThan(1e-12);
});
