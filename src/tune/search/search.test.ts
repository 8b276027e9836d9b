/** The search on trainings whose best rate is known by formula. */
import { describe, expect, test } from "vitest";
import { type SearchOptions, searchRate } from "./search.ts";
import type { Trial, Trials } from "./trial.ts";
import type { SearchResult } from "./verdict.ts";

interface Problem {
  readonly eigenvalues: readonly number[];
  /** Of the gradient, whose noise sets a floor that grows with the rate. */
  readonly noise: number;
  readonly length: number;
}

/** Expected loss after t steps of noisy gradient descent on a quadratic whose every coordinate starts at 1. */
function lossAt({ eigenvalues, noise }: Problem, rate: number, t: number): number {
  let sum = 0;
  for (const h of eigenvalues) {
    const keep = (1 - rate * h) ** 2;
    const fed = (rate * noise) ** 2;
    const square = keep === 1 ? 1 + t * fed : keep ** t + (fed * (1 - keep ** t)) / (1 - keep);
    sum += (h * square) / 2;
  }
  return sum;
}

const finite = (loss: number, start: number): number =>
  loss <= 10 * start ? loss : Number.POSITIVE_INFINITY;

interface Counted extends Trials {
  readonly live: () => number;
  readonly started: () => readonly number[];
}

interface Course {
  readonly length: number;
  /** Loss before the first step. */
  readonly begin: number;
  /** Score of the constant answer; null: it is not known. */
  readonly plateau?: number | null;
  /** Nothing stops a training before its end. */
  readonly whole?: boolean;
  readonly scoreAt: (rate: number, t: number, seed: number) => number;
}

/** Trainings whose losses are given, which hold the search to the order of its calls. */
function trialsAlong({ length, begin, plateau, whole = false, scoreAt }: Course): Counted {
  const started: number[] = [];
  let live = 0;
  return {
    length,
    shortest: 10,
    reference: () => begin,
    ...(plateau !== undefined && { plateau: () => plateau }),
    live: () => live,
    started: () => started,
    start(rate, seed): Trial {
      started.push(rate);
      live++;
      let steps = 0;
      let open = true;
      return {
        rate,
        seed,
        get ended() {
          return whole && steps > 0;
        },
        get steps() {
          return steps;
        },
        advance: async (to) => {
          expect(open).toBe(true);
          expect(to).toBeGreaterThan(steps);
          steps = whole ? length : to;
        },
        scoreAt: (t) => scoreAt(rate, t, seed),
        release: () => {
          if (open) live--;
          open = false;
        },
      };
    },
  };
}

/** Seeds move every loss by up to `spread` of the first, the same at all steps. */
function trialsOf(
  problem: Problem,
  { spread = 0, whole = false }: { spread?: number; whole?: boolean } = {},
): Counted {
  const begin = lossAt(problem, 0, 0);
  const shift = (rate: number, seed: number): number => spread * begin * Math.sin(1e4 * rate + 2 * seed);
  return trialsAlong({
    length: problem.length,
    begin,
    whole,
    scoreAt: (rate, t, seed) => finite(lossAt(problem, rate, 0.9 * t) + shift(rate, seed), begin),
  });
}

/** By a fine grid over whole trainings. */
function bestOf(problem: Problem): number {
  let [best, lowest] = [0, Number.POSITIVE_INFINITY];
  for (let rate = 1e-8; rate < 1e4; rate *= 1.05) {
    const loss = lossAt(problem, rate, 0.9 * problem.length);
    if (loss < lowest) [best, lowest] = [rate, loss];
  }
  return best;
}

const problems: readonly (readonly [string, Problem])[] = [
  ["one curvature", { eigenvalues: [1], noise: 0.1, length: 500 }],
  ["condition 1000, no noise", { eigenvalues: [1, 0.1, 0.01, 0.001], noise: 0, length: 2000 }],
  ["condition 1000, noise", { eigenvalues: [1, 0.1, 0.01, 0.001], noise: 0.3, length: 2000 }],
  ["much noise", { eigenvalues: [2, 1, 0.5], noise: 3, length: 1000 }],
  ["steep", { eigenvalues: [5000, 300, 20], noise: 0.01, length: 3000 }],
  ["flat", { eigenvalues: [1e-3, 1e-4], noise: 0.01, length: 1200 }],
  ["short", { eigenvalues: [1, 0.1], noise: 0.1, length: 80 }],
];

const find = (trials: Trials, options: Partial<SearchOptions> = {}): Promise<SearchResult> =>
  searchRate(trials, { first: 0.01, seed: 0, budget: 2.5, ...options });

describe.each(problems)("%s", (_, problem) => {
  test.each([1e-4, 0.01, 1])(
    "from %d a rate is found that loses at most two hundredths of the way, within the budget",
    async (first) => {
      const trials = trialsOf(problem);
      const budget = 6;
      const { rate, interval, paid, steps } = await find(trials, { first, budget });
      const best = bestOf(problem);
      const at = (r: number): number => lossAt(problem, r, 0.9 * problem.length);
      expect((at(rate!) - at(best)) / (at(0) - at(best))).toBeLessThan(0.02);
      expect(rate! / best).toBeGreaterThan(1 / 3.1);
      expect(rate! / best).toBeLessThan(3.1);
      expect(interval![0]).toBeLessThanOrEqual(best);
      expect(interval![1]).toBeGreaterThanOrEqual(best);
      expect(paid).toBeLessThanOrEqual(budget * problem.length);
      expect(steps).toBeGreaterThanOrEqual(problem.length / 2);
      expect(trials.live()).toBe(0);
    },
  );
});

const noisy: Problem = { eigenvalues: [1, 0.1, 0.01], noise: 0.3, length: 1000 };

test("trainings that can't be stopped are compared at their end, though the first look at each has spent all", async () => {
  const { rate, steps, paid } = await find(trialsOf(noisy, { whole: true }), { first: 1e-4, budget: 6 });
  expect(paid).toBeGreaterThan(6 * noisy.length);
  expect(steps).toBe(noisy.length);
  const best = bestOf(noisy);
  expect(rate! / best).toBeGreaterThan(1 / 3.1);
  expect(rate! / best).toBeLessThan(3.1);
});

test("a rate that dies at once is left downwards, and the edge is told", async () => {
  const { rate, edge } = await find(trialsOf(noisy), { first: 1000 });
  expect(rate).toBeLessThan(2);
  expect(edge).toBeGreaterThan(2);
});

test("no rate where every training dies, and none where none learns", async () => {
  const dead = trialsAlong({ length: noisy.length, begin: 1, scoreAt: () => Number.POSITIVE_INFINITY });
  expect((await find(dead)).rate).toBeNull();
  const flat = trialsOf({ ...noisy, eigenvalues: [0] });
  const result = await find(flat);
  expect(result.rate).toBeNull();
  expect(result.edge).toBeNull();
});

test("seeds tell the noise, and whether the winner is fragile", async () => {
  const calm = await find(trialsOf(noisy, { spread: 0.001 }), { budget: 12, seeds: 3 });
  expect(calm.fragile).toBe(false);
  expect(calm.noise).toBeGreaterThan(0);
  const wild = await find(trialsOf(noisy, { spread: 0.1 }), { budget: 12, seeds: 3 });
  expect(wild.fragile).toBe(true);
  expect(calm.rates.filter((r) => r.scores.length === 3)).toHaveLength(3);
});

test("bounds are kept", async () => {
  const trials = trialsOf(noisy);
  await find(trials, { lowest: 1e-4, highest: 0.003, first: 1e-3 });
  expect(Math.max(...trials.started())).toBeLessThanOrEqual(0.003);
  expect(Math.min(...trials.started())).toBeGreaterThanOrEqual(1e-4);
});

test("an abort ends it, with every training released", async () => {
  const trials = trialsOf(noisy);
  const stop = new AbortController();
  let told = 0;
  const work = find(trials, {
    signal: stop.signal,
    onProgress: () => {
      if (++told === 6) stop.abort();
    },
  });
  await expect(work).rejects.toThrow();
  expect(trials.live()).toBe(0);
});

describe("a plateau at 1, which rates above 0.05 come to first and never leave", () => {
  /** Lower rates leave it after 8 / rate steps; the constant answer's score is known or not. */
  const stuck = (known: boolean, length = 2000): Trials =>
    trialsAlong({
      length,
      begin: 10,
      plateau: known ? 1 : null,
      scoreAt: (rate, t) => {
        if (rate > 100) return Number.POSITIVE_INFINITY;
        if (rate * t < 5) return 10 - (9 / 5) * rate * t;
        if (rate > 0.05) return 1 - 0.001 / (1 + Math.log2(rate / 0.64) ** 2);
        return Math.min(1, Math.max(0.01, 1 - (rate * t - 8) / 40));
      },
    });

  test("the search follows lower rates too, and waits up to a training longer", async () => {
    const blind = await find(stuck(false), { budget: 1.5 });
    expect(blind.rate).toBeGreaterThan(0.05);
    const result = await find(stuck(true), { budget: 1.5 });
    expect(result.rate).toBe(0.04);
    expect(result.score).toBeLessThan(0.96);
    expect(result.paid).toBeLessThanOrEqual(2.5 * 2000);
  });

  test("where trainings begin on it, the lowest rates have not come to it, and are left", async () => {
    const there = trialsAlong({
      length: 1000,
      begin: 1.02,
      plateau: 1,
      scoreAt: (rate, t) => Math.max(0.985, 1.02 - rate * t),
    });
    await find(there, { budget: 4 });
    expect(Math.min(...there.started())).toBeGreaterThan(1e-5);
  });

  test("where nothing leaves it, it ends all the same", async () => {
    const { steps, paid, score } = await find(stuck(true, 200), { budget: 2 });
    expect(steps).toBeLessThanOrEqual(200);
    expect(paid).toBeLessThanOrEqual(3 * 200);
    expect(score).toBeCloseTo(1, 2);
  });
});

describe("units that die at once above 0.002, so that only the constant is learnt, and slowly", () => {
  const dying = (known: boolean): Trials =>
    trialsAlong({
      length: 3200,
      begin: 100,
      plateau: known ? 10 : null,
      scoreAt: (rate, t) => {
        if (rate > 5) return Number.POSITIVE_INFINITY;
        if (rate > 0.002) return 10 + 90 * Math.exp((-rate * t) / 1000);
        return 100 * Math.exp(-20 * rate * t) + 50 * rate;
      },
    });

  test("far from the constant answer's score lower rates are tried, though the next ones gain less", async () => {
    const unknown = await find(dying(false), { first: 1, budget: 2 });
    expect(unknown.rate).toBeGreaterThan(0.1);
    const result = await find(dying(true), { first: 1, budget: 2 });
    expect(result.rate).toBeLessThan(0.002);
    expect(result.score).toBeLessThan(10);
  });
});
