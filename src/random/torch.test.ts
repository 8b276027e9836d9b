// Expected values: test/golden/random.json, written by PyTorch 1.13's CPU generator (see its meta).
import { describe, expect, test } from "vitest";
import golden from "../../test/golden/random.json" with { type: "json" };
import { erf, erfinv } from "./erf.ts";
import { type TorchDType, type TorchGenerator, torchGenerator } from "./torch.ts";
import { kaimingNormal, linearInit, truncatedNormal, xavierUniform } from "./torch-init.ts";

type Nested = number | readonly Nested[];
const expected: Record<string, unknown> = golden.torch_manual_seed_42;
const wantedOf = (name: string): number[] => {
  expect(expected).toHaveProperty([name]);
  const flatten = (value: Nested): number[] => (typeof value === "number" ? [value] : value.flatMap(flatten));
  return flatten(expected[name] as Nested);
};
const fresh = (): TorchGenerator => torchGenerator(42);
const worst = (actual: ArrayLike<number>, wanted: readonly number[]): number => {
  expect(actual.length).toBe(wanted.length);
  return Math.max(...wanted.map((w, i) => Math.abs(actual[i]! - w) / Math.max(Math.abs(w), 1e-3)));
};
const furthest = (actual: ArrayLike<number>, wanted: readonly number[]): number => {
  expect(actual.length).toBe(wanted.length);
  return Math.max(...wanted.map((w, i) => Math.abs(actual[i]! - w)));
};
const flatLinear = (g: TorchGenerator, i: number, o: number, dtype: TorchDType): number[] => {
  const { weight, bias } = linearInit(g, i, o, dtype);
  return [...weight, ...bias!];
};

describe("exact: the same bits as PyTorch's", () => {
  const exact: [string, (g: TorchGenerator) => ArrayLike<number>][] = [
    ...[5, 20].flatMap((n): [string, (g: TorchGenerator) => ArrayLike<number>][] => [
      [`rand(${n}) f32`, (g) => g.rand(n, "float32")],
      [`rand(${n}) f64`, (g) => g.rand(n, "float64")],
    ]),
    ["empty(6).uniform_(-2,3) f32", (g) => g.uniform(-2, 3, 6, "float32")],
    ["empty(6).uniform_(-2,3) f64", (g) => g.uniform(-2, 3, 6, "float64")],
    ["randint(0,10,(20,))", (g) => g.randint(0, 10, 20)],
    ["randint(5,1000,(10,))", (g) => g.randint(5, 1000, 10)],
    ["randint(0,2**40,(4,))", (g) => g.randint(0, 2 ** 40, 4)],
    ["randperm(10)", (g) => g.randperm(10)],
    ["randperm(200)", (g) => g.randperm(200)],
    ["bernoulli(full(10,0.3))", (g) => g.bernoulli(new Float32Array(10).fill(0.3))],
    [
      "nn.Linear(3,1) twice f32",
      (g) => [...flatLinear(g, 3, 1, "float32"), ...flatLinear(g, 3, 1, "float32")],
    ],
    ["nn.Linear(10,5) f32", (g) => flatLinear(g, 10, 5, "float32")],
    ["nn.Linear(3,1) f64", (g) => flatLinear(g, 3, 1, "float64")],
    ["xavier_uniform_(3x4) f32", (g) => xavierUniform(g, [3, 4], "float32")],
  ];
  test.each(exact)("%s", (name, draw) => expect(Array.from(draw(fresh()))).toEqual(wantedOf(name)));
  test.each(Object.entries(golden.torch_manual_seed_42["other seeds: rand(3) f32"]))(
    "rand(3) f32, seed %s",
    (seed, wanted) => expect([...torchGenerator(Number(seed)).rand(3, "float32")]).toEqual(wanted),
  );
});

describe("float64 normals: relative error at most 1e-14", () => {
  test.each([1, 2, 5, 8, 15, 16, 17, 20, 24, 33, 64])("randn(%i) f64", (n) => {
    expect(worst(fresh().randn(n, "float64"), wantedOf(`randn(${n}) f64`))).toBeLessThanOrEqual(1e-14);
  });
});

describe("float32 normals: absolute error at most 2e-6 (they have unit scale)", () => {
  const cases: [string, (g: TorchGenerator) => ArrayLike<number>][] = [
    ...[1, 2, 5, 8, 15, 16, 17, 20, 24, 33, 64].map(
      (n): [string, (g: TorchGenerator) => ArrayLike<number>] => [
        `randn(${n}) f32`,
        (g) => g.randn(n, "float32"),
      ],
    ),
    ["randn(4,5) f32", (g) => g.randn(20, "float32")],
    [
      "randn(3), randn(3), rand(2), randn(2) f32",
      (g) => [
        ...g.randn(3, "float32"),
        ...g.randn(3, "float32"),
        ...g.rand(2, "float32"),
        ...g.randn(2, "float32"),
      ],
    ],
    [
      "randn(16), randn(3), randn(16) f32",
      (g) => [...g.randn(16, "float32"), ...g.randn(3, "float32"), ...g.randn(16, "float32")],
    ],
    ["empty(6).normal_(2,0.5) f32", (g) => g.normal(2, 0.5, 6, "float32")],
    ["empty(20).normal_(2,0.5) f32", (g) => g.normal(2, 0.5, 20, "float32")],
    ["kaiming_normal_(6x4, relu) f32", (g) => kaimingNormal(g, [6, 4], "float32")],
    ["trunc_normal_(6) f32", (g) => truncatedNormal(g, [6], "float32")],
    ["randn(33) f32, ATEN_CPU_CAPABILITY=default", (g) => g.randn(33, "float32")],
  ];
  test.each(cases)("%s", (name, draw) =>
    expect(furthest(draw(fresh()), wantedOf(name))).toBeLessThanOrEqual(2e-6),
  );
  test.each(Object.entries(golden.torch_manual_seed_42["other seeds: randn(3) f32"]))(
    "randn(3) f32, seed %s",
    (seed, wanted) =>
      expect(furthest(torchGenerator(Number(seed)).randn(3, "float32"), wanted)).toBeLessThanOrEqual(2e-6),
  );
});

test("a saved state goes on where it stopped, cached normal included", () => {
  const g = fresh();
  g.randn(3, "float64");
  const resumed = torchGenerator(JSON.parse(JSON.stringify(g.state())));
  expect(resumed.randn(9, "float32")).toEqual(g.randn(9, "float32"));
  expect(resumed.randn(700, "float64")).toEqual(g.randn(700, "float64"));
});

test("erfinv gives AS 241's published quantiles and erf undoes it to 1e-14", () => {
  // Wichura 1988, table of check values: Φ⁻¹(0.25), Φ⁻¹(0.001), Φ⁻¹(1e-20 cannot be written as (x+1)/2 in a double).
  expect(erfinv(-0.5) * Math.SQRT2).toBeCloseTo(-0.6744897501960817, 15);
  expect(erfinv(0.998) * Math.SQRT2).toBeCloseTo(3.090232306167814, 13);
  for (const x of [-0.99999, -0.9, -0.3, 1e-9, 0.5, 0.85, 0.9999]) {
    expect(Math.abs(erf(erfinv(x)) - x)).toBeLessThan(1e-14);
  }
  expect(erfinv(1)).toBe(Number.POSITIVE_INFINITY);
  // Abramowitz & Stegun table 7.1.
  expect(erf(0.5)).toBeCloseTo(0.5204998778, 10);
  expect(erf(-1)).toBeCloseTo(-0.8427007929, 10);
  expect(erf(7)).toBe(1);
});
