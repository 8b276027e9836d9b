/** Which rates are trained in whole, on made-up loss curves. */
import { describe, expect, test } from "vitest";
import type { RateSearch } from "./rate-search.ts";
import { bestOf, nextRates, ratePlan, type Tried } from "./rates.ts";

/** What a search that ends at `rate` gives. */
const found = (rate: number, more: Partial<RateSearch> = {}): RateSearch => ({
  optimizer: { name: "sgd" },
  seed: 1,
  budget: null,
  bounds: [1e-7, 1000],
  rate,
  alive: true,
  refusal: null,
  reason: "",
  tried: [rate / 8, 8 * rate],
  edge: null,
  cost: 1.5,
  ...more,
});

describe("rates", () => {
  /** Goes on from what a search found on a loss curve; null is divergence. */
  const goOn = (
    lossAt: (lr: number) => number | null,
    search: RateSearch | null,
    plan = ratePlan(),
  ): Tried[] => {
    const tried = new Map<number, Tried>();
    for (;;) {
      const rates = nextRates([...tried.values()], plan, search);
      if (rates.length === 0) return [...tried.values()].sort((a, b) => a.lr - b.lr);
      for (const { lr, all } of rates)
        tried.set(lr, { lr, final: lossAt(lr), first: lossAt(lr), complete: all });
    }
  };
  const valley = (best: number, limit: number) => (lr: number) =>
    lr > limit ? null : Math.log10(lr / best) ** 2;

  test.each([0.03, 1e-6, 2, 400])(
    "the best lies between two others, wherever the search ended: %d",
    (best) => {
      for (const off of [1, 7, 1 / 7]) {
        const tried = goOn(valley(best, best * 20), found(best * off));
        const { lr } = bestOf(tried)!;
        expect(Math.abs(Math.log2(lr / best))).toBeLessThan(0.51);
        const whole = tried.filter((t) => t.complete);
        expect(whole[0]!.lr).toBeLessThan(lr / 1.9);
        expect(whole.at(-1)!.lr).toBeGreaterThanOrEqual(Math.min(1000, lr * 1.9)); // the default bound
        expect(whole.length).toBeLessThan(8);
        // wide enough for the sensitivity
        expect(tried[0]!.lr).toBeLessThanOrEqual(Math.max(1e-7, lr / 10));
        expect(tried.at(-1)!.lr).toBeGreaterThanOrEqual(Math.min(1000, lr * 10));
      }
    },
  );

  test("a best beyond the bounds stays at them; where all diverges it goes down to them", () => {
    const plan = ratePlan({ rates: "1e-3:10" });
    expect(goOn(valley(1e5, Infinity), found(5), plan).map((t) => t.lr)).toEqual([0.625, 2.5, 5, 10]);
    expect(goOn(() => null, found(0.004), plan).map((t) => t.lr)).toEqual([0.001, 0.002, 0.004, 0.008]);
  });

  test("a second valley far from the first is found by one seed, and gets all of them", () => {
    const lossAt = (lr: number) => Math.min(1 + Math.log2(lr) ** 2, 0.5 + Math.log2(lr / 4) ** 2);
    const tried = goOn(lossAt, found(1));
    expect(bestOf(tried)!.lr).toBe(4);
    expect(tried.filter((t) => t.complete).map((t) => t.lr)).toEqual([0.5, 1, 2, 4, 8]);
  });

  test("where no part of a training survived, one whole one shows it", () => {
    expect(goOn(() => null, found(1e-7, { alive: false })).map((t) => t.lr)).toEqual([1e-7]);
  });

  test("a list is tried as it is, sorted and once", () => {
    const plan = ratePlan({ rates: "0.1,0.01,0.1,5" });
    expect(goOn(valley(1e-9, 1), null, plan).map((t) => t.lr)).toEqual([0.01, 0.1, 5]);
  });

  test.each([
    [{ rates: "0:1" }, /has "0"/], [{ rates: "-1,2" }, /has "-1"/], [{ rates: "0.1" }, /one rate only/],
    [{ rates: "0.1:0.1" }, /one rate only/], [{ rates: "" }, /has ""/], [{ rates: "NaN:1" }, /has "NaN"/],
    [{ rates: "1:0.1" }, /backwards/], [{ rates: "1:2:3" }, /no range/],
    [{ rates: "0.1,1", budget: 2 }, /--budget is for a search/],
  ])("%j is refused", (options, message) => expect(() => ratePlan(options)).toThrow(message)); // biome-ignore format: a table
});
