import { describe, expect, test } from "vitest";
import { permutationInto, stream, streamKey } from "./stream.ts";
import { threefry2x32 } from "./threefry.ts";

describe("Threefry-2x32-20 gives the known answers of Random123 1.14 (examples/kat_vectors)", () => {
  test.each([
    [
      [0, 0, 0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as const)("%j", ([k0, k1, c0, c1], wanted) => {
    expect(threefry2x32(k0, k1, c0, c1)).toEqual(wanted);
  });
});

test("streams of one seed differ by name, streams of one name by seed, and both repeat", () => {
  const draws = [
    [1, "init"],
    [1, "batches"],
    [2, "init"],
    [1, "init\0"],
    [1, ""],
    [1 + 2 ** 32, "init"],
  ] as const;
  const first = draws.map(([seed, name]) => stream(seed, name).uniform(1)[0]);
  expect(new Set(first).size).toBe(draws.length);
  expect(draws.map(([seed, name]) => stream(seed, name).uniform(1)[0])).toEqual(first);
});

test("a stream resumes from its state through JSON, across the 32-bit edge of the counter", () => {
  const key = streamKey(7, "edge");
  const a = stream({ key, counter: 2 ** 32 - 3 });
  const all = a.uniform(8);
  const b = stream({ key, counter: 2 ** 32 - 3 });
  const head = b.uniform(5);
  const tail = stream(JSON.parse(JSON.stringify(b.state()))).uniform(3);
  expect([...head, ...tail]).toEqual([...all]);
  expect(new Set(all).size).toBe(8);
});

test("`at` reads block i of the stream without drawing", () => {
  const s = stream(3, "at");
  const [high, low] = s.at(5);
  expect(s.state().counter).toBe(0);
  expect(s.uniform(6)[5]).toBe((high * 2 ** 21 + (low >>> 11)) / 2 ** 53);
});

describe("distributions of 200,000 draws, 5 standard errors wide", () => {
  const n = 200_000;
  const mean = (x: Float64Array): number => x.reduce((a, b) => a + b, 0) / x.length;
  test("uniform: mean 1/2, variance 1/12, within [0, 1)", () => {
    const u = stream(1, "u").uniform(n);
    expect(Math.abs(mean(u) - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(mean(u.map((x) => (x - 0.5) ** 2)) - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n));
    expect(u.every((x) => x >= 0 && x < 1)).toBe(true);
  });
  test("normal: moments 0, 1, 0, 3", () => {
    const z = stream(1, "z").normal(n);
    expect(Math.abs(mean(z))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(mean(z.map((x) => x ** 2)) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(mean(z.map((x) => x ** 3)))).toBeLessThan(5 * Math.sqrt(15 / n));
    expect(Math.abs(mean(z.map((x) => x ** 4)) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
  });
  test("integers: every value of [-2, 5) equally often", () => {
    const counts = new Map<number, number>();
    for (const k of stream(1, "k").integers(n, -2, 5)) counts.set(k, (counts.get(k) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3, 4]);
    for (const c of counts.values())
      expect(Math.abs(c - n / 7)).toBeLessThan(5 * Math.sqrt((n / 7) * (6 / 7)));
  });
  test("permutation: all 24 orders of 4 equally often", () => {
    const s = stream(1, "p");
    const counts = new Map<string, number>();
    const draws = 24_000;
    for (let i = 0; i < draws; i++) {
      const order = s.permutation(4).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const c of counts.values()) expect(Math.abs(c - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });
});

test("an odd number of normals has the same start as an even one", () => {
  expect([...stream(4, "n").normal(5)]).toEqual([...stream(4, "n").normal(6)].slice(0, 5));
});

test("permutationInto writes a permutation that depends on its index alone", () => {
  const key = streamKey(9, "epochs");
  const one = new Int32Array(1000);
  const two = new Int32Array(1000).fill(-1);
  permutationInto(one, key, 3);
  permutationInto(two, key, 3);
  expect(two).toEqual(one);
  expect([...one].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  permutationInto(two, key, 4);
  expect(two).not.toEqual(one);
});

test.each([-1, 0.5, Number.NaN, 2 ** 53])("refuses the seed %d", (seed) => {
  expect(() => stream(seed, "x")).toThrow(expect.objectContaining({ id: "seed" }));
});
