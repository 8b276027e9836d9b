// Expected values: test/golden/random.json, written by NumPy 1.24.2's RandomState(42) (see its meta).
import { describe, expect, test } from "vitest";
import golden from "../../test/golden/random.json" with { type: "json" };
import { mt19937 } from "./mt19937.ts";
import { type NumpyRandom, numpyRandom } from "./numpy.ts";

const expected = golden.numpy_RandomState_42;
const fresh = (): NumpyRandom => numpyRandom(42);

/** Largest relative difference; lengths must agree. */
function worst(actual: ArrayLike<number>, wanted: readonly number[]): number {
  expect(actual.length).toBe(wanted.length);
  return Math.max(...wanted.map((w, i) => Math.abs(actual[i]! - w) / (Math.abs(w) || 1)));
}

describe("exact: integers and uniforms are the same bits as NumPy's", () => {
  const exact: [keyof typeof expected, (r: NumpyRandom) => ArrayLike<number>][] = [
    ["raw_uint32 (MT19937 outputs)", (r) => Array.from({ length: 16 }, () => r.uint32())],
    ["rand(20)", (r) => r.rand(20)],
    ["uniform(-1,1,10)", (r) => r.uniform(-1, 1, 10)],
    ["randint(0,10,20)", (r) => r.randint(0, 10, 20)],
    ["randint(0,200,20)", (r) => r.randint(0, 200, 20)],
    ["randint(0,2**31-1,5)", (r) => r.randint(0, 2 ** 31 - 1, 5)],
    ["randint(0,2**40,5)", (r) => r.randint(0, 2 ** 40, 5)],
    ["permutation(10)", (r) => r.permutation(10)],
    ["permutation(200)", (r) => r.permutation(200)],
    ["choice(10,8)", (r) => r.choice(10, 8)],
    ["choice(10,6,replace=False)", (r) => r.choice(10, 6, { replace: false })],
    ["choice(4,10,p=[.1,.2,.3,.4])", (r) => r.choice(4, 10, { p: [0.1, 0.2, 0.3, 0.4] })],
    ["binomial(1,0.3,10)", (r) => r.binomial(1, 0.3, 10)],
  ];
  test.each(exact)("%s", (name, draw) => expect([...Array.from(draw(fresh()))]).toEqual(expected[name]));

  test("shuffle(arange(20))", () => {
    const values = Array.from({ length: 20 }, (_, i) => i);
    fresh().shuffle(values);
    expect(values).toEqual(expected["shuffle(arange(20))"]);
  });
  test("state after seeding", () => {
    const { key, pos } = mt19937(42);
    const wanted = expected["state after seeding"];
    expect([...key.slice(0, 8)]).toEqual(wanted.key_first8);
    expect([...key.slice(-4)]).toEqual(wanted.key_last4);
    expect(pos).toBe(wanted.pos);
  });
  test("uniforms drawn after 1,000 normals", () => {
    const r = fresh();
    r.randn(1000);
    const below = [...r.rand(200)].flatMap((u, i) => (u < 0.1 ? [i] : []));
    expect(below).toEqual(expected["after randn(200,5): rand(200)<0.1 -> indices that are True"]);
  });
  test.each(Object.entries(expected["other seeds: rand(4)"]))("rand(4), seed %s", (seed, wanted) => {
    expect([...numpyRandom(Number(seed)).rand(4)]).toEqual(wanted);
  });
});

describe("normals and exponentials: relative error at most 1e-15", () => {
  const close: [string, readonly number[], (r: NumpyRandom) => ArrayLike<number>][] = [
    ["randn(20)", expected["randn(20)"], (r) => r.randn(20)],
    ["randn(7)", expected["randn(7)"], (r) => r.randn(7)],
    ["normal(0,100,10)", expected["normal(0,100,10)"], (r) => r.normal(0, 100, 10)],
    ["normal(2,0.5,(2,3))", expected["normal(2,0.5,(2,3))"].flat(), (r) => r.normal(2, 0.5, 6)],
    ["standard_exponential(5)", expected["standard_exponential(5)"], (r) => r.exponential(5)],
    [
      "mixed draws share the cached normal",
      expected["mixed: randn(3), rand(2), randn(3), normal(5,2,2), randn(1)"].flat(),
      (r) => [...r.randn(3), ...r.rand(2), ...r.randn(3), ...r.normal(5, 2, 2), ...r.randn(1)],
    ],
    ["run 2's first rows", expected["seed run2 X"].first3.flat(), (r) => r.randn(1000).slice(0, 15)],
    ["run 2's last row", expected["seed run2 X"].last1.flat(), (r) => r.randn(1000).slice(-5)],
  ];
  test.each(close)("%s", (_, wanted, draw) =>
    expect(worst(draw(fresh()), wanted)).toBeLessThanOrEqual(1e-15),
  );
  test.each(Object.entries(expected["other seeds: randn(4)"]))("randn(4), seed %s", (seed, wanted) => {
    expect(worst(numpyRandom(Number(seed)).randn(4), wanted)).toBeLessThanOrEqual(1e-15);
  });
});

test("a saved state goes on where it stopped, cached normal included", () => {
  const r = fresh();
  r.randn(3);
  const resumed = numpyRandom(JSON.parse(JSON.stringify(r.state())));
  expect(resumed.randn(700)).toEqual(r.randn(700));
});

test("binomial counts trials − successes above one half", () => {
  const counts = fresh().binomial(20, 0.9, 2000);
  expect(counts.every((k) => Number.isInteger(k) && k >= 0 && k <= 20)).toBe(true);
  // Mean 18, standard error 0.03.
  expect(counts.reduce((a, b) => a + b, 0) / 2000).toBeCloseTo(18, 0);
});

test.each([
  ["a negative seed", () => numpyRandom(-1), "seed"],
  ["a seed of 2³²", () => numpyRandom(2 ** 32), "seed"],
  ["a fractional seed", () => numpyRandom(1.5), "seed"],
  ["an empty range", () => fresh().randint(3, 3, 1), "random-range"],
  ["more choices than there are", () => fresh().choice(3, 4, { replace: false }), "random-range"],
  ["weights that do not sum to 1", () => fresh().choice(2, 1, { p: [0.5, 0.6] }), "random-range"],
  ["a binomial beyond inversion", () => fresh().binomial(1000, 0.5, 1), "random-range"],
])("refuses %s", (_, act, id) => expect(act).toThrow(expect.objectContaining({ id })));
