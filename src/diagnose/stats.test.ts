import { describe, expect, it } from "vitest";
import { autocorrelation, logLoss, madSigma, median, quantile, runningMedian, theilSen } from "./stats.ts";

/** The definition: sort and interpolate (numpy.quantile's default, "linear"). */
const sorted = (v: readonly number[], q: number): number => {
  const s = [...v].sort((a, b) => a - b);
  const at = q * (s.length - 1);
  return s[Math.floor(at)]! * (1 - (at % 1)) + s[Math.ceil(at)]! * (at % 1);
};
const values = Array.from({ length: 101 }, (_, i) => ((i * 37) % 101) + (i % 3) / 10);

describe("robust statistics", () => {
  it("selects the quantiles that sorting gives", () => {
    for (const n of [1, 2, 3, 10, 100, 101]) {
      for (const q of [0, 0.1, 0.25, 0.5, 0.9, 1])
        expect(quantile(values.slice(0, n), q)).toBeCloseTo(sorted(values.slice(0, n), q), 12);
    }
    expect(median([])).toBeNaN();
  });

  it("estimates σ of a normal sample, whatever a third of the points does", () => {
    // quantiles of the standard normal at (i − ½)/9: scipy.stats.norm.ppf
    const normal = [-1.5932, -0.9674, -0.5895, -0.2822, 0, 0.2822, 0.5895, 0.9674, 1.5932];
    expect(madSigma(normal)).toBeCloseTo(0.874, 3); // 1.4826 · 0.5895
    expect(madSigma([...normal.slice(0, 6), 1e6, 1e7, 1e8])).toBeLessThan(2.5);
  });

  it("slides medians around and behind", () => {
    expect([...runningMedian([5, 1, 4, 2, 3], 3)]).toEqual([3, 4, 2, 3, 2.5]);
    expect([...runningMedian([5, 1, 4, 2, 3], 3, { trailing: true })]).toEqual([5, 5, 3, 4, 2]);
    const window = 9;
    const around = runningMedian(values, window);
    values.forEach((_, i) => {
      expect(around[i]).toBeCloseTo(median(values.slice(Math.max(0, i - 4), i + 5)), 12);
    });
  });

  it("finds a slope through outliers", () => {
    const x = Array.from({ length: 40 }, (_, i) => i);
    expect(
      theilSen(
        x,
        x.map((v) => (v % 7 === 0 ? 900 : 3 - 0.25 * v)),
      ),
    ).toBeCloseTo(-0.25, 1);
    expect(theilSen([1, 1], [2, 3])).toBe(0);
  });

  it("correlates an alternation with itself", () => {
    const r = autocorrelation(
      Array.from({ length: 100 }, (_, i) => (i % 2 ? 1 : -1)),
      2,
    );
    expect([...r].map((v) => Math.round(v * 100) / 100)).toEqual([1, -0.99, 0.98]);
    expect([...autocorrelation([4, 4, 4, 4], 2)]).toEqual([0, 0, 0]);
  });

  it("keeps an exact zero finite and takes negative losses", () => {
    expect([...logLoss(Float64Array.of(1, 0.1, 0)).values]).toEqual([0, Math.log(0.1), Math.log(0.01)]);
    expect(logLoss(Float64Array.of(-3, 1)).kind).toBe("asinh");
  });
});
