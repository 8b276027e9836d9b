import { describe, expect, test } from "vitest";
// Expected data: test/golden/seed-walkthrough.json, made with NumPy 1.24.2 (see its meta).
import golden from "../../../test/golden/seed-walkthrough.json" with { type: "json" };
import { type Dataset, loadData, memoryHost, sourceNames } from "../index.ts";
import { nodeHost } from "../node-host.ts";

const host = memoryHost({});
const load = (source: string): Promise<Dataset> => loadData({ source }, host, { dtype: "float64" });

function worst(actual: ArrayLike<number>, wanted: readonly number[]): number {
  expect(actual.length).toBe(wanted.length);
  return Math.max(...wanted.map((w, i) => Math.abs(actual[i]! - w) / Math.abs(w)));
}

describe("the lesson's data equals NumPy's to 1e-15 relative", () => {
  test("lesson-ill-conditioned", async () => {
    const { features, target, classes } = await load("lesson-ill-conditioned");
    expect(features.shape).toEqual([1000, 3]);
    expect(worst(features.data, golden.run1.X.flat())).toBeLessThanOrEqual(1e-15);
    expect([...target.data]).toEqual(golden.run1.y);
    expect(classes).toEqual(["0", "1"]);
  });
  test("lesson-logistic", async () => {
    const { features, target } = await load("lesson-logistic");
    expect(features.shape).toEqual([200, 5]);
    expect(worst(features.data, golden.run2.X.flat())).toBeLessThanOrEqual(1e-15);
    expect([...target.data]).toEqual(golden.run2.y);
  });
  test("lesson-logistic-flipped: exactly the golden rows are flipped", async () => {
    const { features, target } = await load("lesson-logistic-flipped");
    expect(worst(features.data, golden.run2.X.flat())).toBeLessThanOrEqual(1e-15);
    const flipped = [...target.data].flatMap((y, i) => (y === golden.run2.y[i] ? [] : [i]));
    expect(flipped).toEqual(golden.run2.flipped_indices);
  });
  test("lesson-least-squares: loss at w = 0 and at w = (1, −0.5, 0.3, −0.8, 0.6)", async () => {
    const { features, target } = await load("lesson-least-squares");
    expect(target.kind).toBe("number");
    const atZero = [...target.data].reduce((sum, t) => sum + t * t, 0) / 400;
    const wanted = golden.run2.squared_loss_real_targets["lr=0.5"];
    expect(Math.abs(atZero / wanted.losses[0]! - 1)).toBeLessThan(1e-14);
    // Sixty golden steps at lr 0.5 end at the true weights; the targets are linear in them.
    const residuals = [...target.data].map(
      (t, i) => t - wanted.final_w.reduce((z, w, j) => z + w * features.data[5 * i + j]!, 0),
    );
    expect(Math.max(...residuals.map(Math.abs))).toBeLessThan(1e-12);
  });
  test("float32 runs get the rounded values", async () => {
    const { features } = await loadData({ source: "lesson-logistic" }, host);
    expect(features.data).toBeInstanceOf(Float32Array);
    expect(features.data[0]).toBe(Math.fround(golden.run2.X[0]![0]!));
  });
});

describe("points of the plane", () => {
  test("two-spirals: the first points of the benchmark's own list, its density between them, and two classes across the origin", async () => {
    const { features, target } = await load("two-spirals");
    expect(features.shape).toEqual([770, 2]);
    // Lang & Witbrock's list begins (6.5, 0), (6.3138, 1.2559), and ends at radius 0.5
    const arm = (i: number): number[] => [...features.data.subarray(16 * i, 16 * i + 2)];
    for (const [i, wanted] of [
      [0, [6.5, 0]],
      [1, [6.3138, 1.2559]],
      [96, [0.5, 0]],
    ] as const)
      arm(i).forEach((v, j) => expect(v).toBeCloseTo(wanted[j]!, 4));
    for (let row = 0; row < 770; row += 2) {
      expect([target.data[row], target.data[row + 1]]).toEqual([1, 0]);
      const [a, b, c, d] = features.data.subarray(2 * row, 2 * row + 4);
      expect([a! + c!, b! + d!]).toEqual([0, 0]);
    }
  });
  test("two-circles: NumPy 1.24.2's numbers for make_circles(500, shuffle=False, noise=0.1, factor=0.5, random_state=42)", async () => {
    const { features, target } = await load("two-circles");
    const rows = [0, 1, 249, 250, 499].flatMap((i) => [...features.data.subarray(2 * i, 2 * i + 2)]);
    const wanted = [
      1.0496714153011233, -0.013826430117118467, 1.0644530430933696, 0.17743308108414002, 0.9121223639448246,
      -0.16341006853977066, 0.5926177547531641, 0.19094166404701307, 0.44272419566337046,
      0.044693230413947335,
    ];
    rows.forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 14));
    const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
    expect(sum(features.data)).toBeCloseTo(1.933205582232553, 11);
    expect(sum(target.data)).toBe(250);
  });
});

test.each(sourceNames)("%s in float32: features of all its parts, those held out too", async (source) => {
  const all = await loadData({ source }, nodeHost(), { validation: 0.2 });
  const parts = [all, all.validation!, ...(all.test ? [all.test] : [])];
  for (const { features } of parts) expect(features.data).toBeInstanceOf(Float32Array);
});

describe("digits", () => {
  test("8,000 and 2,000 images in the classes' proportions, mixed, grey levels in 256 steps, no image in both", async () => {
    const { features, target, test: held, classes } = await loadData({ source: "digits" }, nodeHost());
    expect(features.shape).toEqual([8000, 784]);
    expect(held!.features.shape).toEqual([2000, 784]);
    expect(classes).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    expect(features.data.every((x) => x >= 0 && x <= 1 && x === Math.fround(Math.round(x * 255) / 255))).toBe(
      true,
    );
    // Counts of the package's ten files (863 to 1127 images), a fifth of each.
    const count = (labels: ArrayLike<number>): number[] =>
      Array.from({ length: 10 }, (_, d) => Array.from(labels).filter((y) => y === d).length);
    const files = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978];
    const heldCounts = count(held!.target.data);
    count(target.data).forEach((n, d) => {
      expect(n + heldCounts[d]!).toBe(files[d]);
      expect(Math.abs(heldCounts[d]! - files[d]! / 5)).toBeLessThan(1);
    });
    expect(new Set(target.data.slice(0, 40)).size).toBeGreaterThan(5);
    const image = (data: ArrayLike<number>, i: number): string =>
      Array.prototype.slice.call(data, i * 784, (i + 1) * 784).join();
    const seen = new Set(Array.from({ length: 8000 }, (_, i) => image(features.data, i)));
    const shared = Array.from({ length: 2000 }, (_, i) => image(held!.features.data, i)).filter((x) =>
      seen.has(x),
    );
    // The package itself holds no duplicates across this split.
    expect(shared).toEqual([]);
  });
  test("without the package: what to install", async () => {
    await expect(loadData({ source: "digits" }, host)).rejects.toMatchObject({
      id: "data-package",
      help: expect.stringContaining("npm install @steepest/lab"),
    });
  });
});

test("an unknown source: the closest name and the list", async () => {
  await expect(loadData({ source: "digit" }, host)).rejects.toMatchObject({
    id: "data-source",
    help: expect.stringMatching(/did you mean digits\?.*lesson-logistic/),
  });
  expect(sourceNames).toHaveLength(7);
  await expect(loadData({ source: "toString" }, host)).rejects.toMatchObject({ id: "data-source" });
});
