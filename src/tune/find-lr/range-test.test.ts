import { describe, expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { readSweep, type Stepper, type Sweep, type SweepMarks, sweep, windowOf } from "./range-test.ts";

/** A trial whose loss depends on the rate of the step before, so that what a sweep should say is known. */
function made(loss: (lr: number, k: number) => number): Stepper & { readonly seeds: number[] } {
  const seeds: number[] = [];
  let [before, k] = [0, 0];
  return {
    seeds,
    restart: (seed) => {
      seeds.push(seed);
      [before, k] = [0, 0];
    },
    step: (lr) => {
      const now = loss(before, k++);
      before = lr;
      return now;
    },
  };
}

const range = { seed: 1, from: 1e-7, to: 10, iterations: 250, highest: 1e6 };
const window = windowOf(range);
const marksOf = async (trial: Stepper): Promise<SweepMarks> => readSweep(await sweep(trial, range), window);
/** Falls by 2 around 1e-4 and rises from 0.1 on. */
const bowl = (lr: number): number => 1 + 2 / (1 + (lr / 1e-4) ** 2) + (lr / 0.3) ** 3;

test("rates grow by the same factor from end to end, and each seed restarts", async () => {
  const trial = made(() => 1);
  const { lrs, losses, stopped } = await sweep(trial, { ...range, highest: 10 });
  expect([lrs.length, losses.length, stopped, trial.seeds]).toEqual([250, 250, "end", [1]]);
  lrs.forEach((lr, i) => expect(lr / (1e-7 * 1e8 ** (i / 249))).toBeCloseTo(1, 12));
});

test("goes on above the end with the same spacing while nothing diverges, up to the bound", async () => {
  const { lrs, stopped } = await sweep(
    made((lr) => 2 - lr / 1e7),
    range,
  );
  expect(stopped).toBe("end");
  expect(lrs.at(-1)!).toBeGreaterThan(0.9e6);
  expect(lrs.at(-1)!).toBeLessThanOrEqual(1e6);
});

describe("marks", () => {
  test("are where the made loss has them, the average's lag undone", async () => {
    const m = await marksOf(made(bowl));
    expect(m.fell).toBe(true);
    // least where −2(lr/1e-4)⁻² + (lr/0.3)³ has its minimum: (4·1e-8·0.3³/3)^(1/5) = 0.0129
    expect(Math.abs(Math.log(m.lrMin / 0.0129))).toBeLessThan(Math.log(1.6));
    // a tenth of the gain of 2 is lost at 0.3·0.2^(1/3), half of it at 0.3
    expect(Math.abs(Math.log(m.lrRise! / 0.175))).toBeLessThan(Math.log(1.35));
    expect(Math.abs(Math.log(m.lrDiverged! / 0.3))).toBeLessThan(Math.log(1.35));
  });

  test("do not depend on the loss's zero or unit", async () => {
    const base = await marksOf(made(bowl));
    for (const [scale, offset] of [
      [1, -50],
      [1e6, 0],
      [1e-3, -1e-3],
    ] as const) {
      const m = await marksOf(made((lr) => scale * bowl(lr) + offset));
      for (const key of ["lrMin", "lrRise", "lrDiverged"] as const)
        expect(m[key]! / base[key]!).toBeCloseTo(1, 6);
    }
  });

  test("bear noise of a tenth of the gain", async () => {
    const noise = stream(7, "noise").normal(1000);
    const m = await marksOf(made((lr, k) => bowl(lr) + 0.2 * noise[k]!));
    expect(m.fell).toBe(true);
    expect(m.lrMin).toBeGreaterThan(3e-4);
    expect(m.lrRise!).toBeGreaterThan(0.08);
    expect(m.lrRise!).toBeLessThan(0.4);
  });

  test("noise alone is no fall", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const noise = stream(seed, "noise").normal(1000);
      const m = await marksOf(made((lr, k) => 3 + 0.1 * noise[k]! + (lr / 0.3) ** 3));
      expect(m.fell, `seed ${seed}`).toBe(false);
    }
  });

  test("no rise is said to be none", async () => {
    const m = await marksOf(made((lr) => 1 + 2 / (1 + (lr / 1e-4) ** 2)));
    expect([m.lrRise, m.lrDiverged]).toEqual([null, null]);
  });
});

describe("the end of a sweep", () => {
  test("a loss that is no number ends it and is the divergence", async () => {
    const done = await sweep(
      made((lr) => (lr > 0.05 ? Number.NaN : 1 + 2 / (1 + (lr / 1e-4) ** 2))),
      range,
    );
    expect(done.stopped).toBe("non-finite");
    expect(done.losses.at(-1)).toBeNaN();
    const m = readSweep(done, window);
    expect(m.lrDiverged! / 0.05).toBeGreaterThan(1);
    expect(m.lrDiverged! / 0.05).toBeLessThan(1.3);
    expect(m.lrRise!).toBeLessThan(0.05);
    expect(m.smoothed.some((v) => v === Number.POSITIVE_INFINITY)).toBe(false);
  });

  test("divergence stops it soon, a spike does not", async () => {
    const diverged = await sweep(made(bowl), range);
    expect(diverged.stopped).toBe("diverged");
    expect(diverged.lrs.at(-1)!).toBeLessThan(1.5);
    const spiked = await sweep(
      made((lr, k) => (k === 60 || k === 61 ? 4 : bowl(lr))),
      range,
    );
    expect(spiked.lrs.length).toBe(diverged.lrs.length);
  });

  test("NaN from the first step leaves nothing to read", async () => {
    const done: Sweep = await sweep(
      made(() => Number.NaN),
      range,
    );
    expect(done.losses).toHaveLength(1);
    expect(readSweep(done, window).fell).toBe(false);
  });
});
