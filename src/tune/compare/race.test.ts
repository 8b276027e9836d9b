/** The sequential test: its error by simulation, its numbers by SciPy, its sentences. */
import { describe, expect, test } from "vitest";
import { stream } from "../../random/stream.ts";
import { type Arrival, interimsUpTo, judgeRival, type Race, race } from "./race.ts";
import { raceWords } from "./race-words.ts";
import { tPoint } from "./student-t.ts";

const at = (steps: number | null, of = 1000): Arrival => ({ steps, of, seconds: (steps ?? of) / 100 });
const entrants = [{ label: "a" }, { label: "b" }];

test("points of Student's t at the levels of the looks", () => {
  // scipy.stats.t.ppf(1 - error / 2, df), scipy 1.17.1
  for (const [df, error, point] of [
    [2, 0.05 / 3, 7.648803938], [4, 0.0125, 4.314656049], [7, 0.01, 3.499483297], [11, 0.005, 3.496614173], [1, 0.02, 31.820515954],
  ] as const) expect(tPoint(df, error)).toBeCloseTo(point, 7); // biome-ignore format: a table
});

test("looks are fixed beforehand and end at the most that is allowed", () => {
  expect([interimsUpTo(8), interimsUpTo(20), interimsUpTo(4), interimsUpTo(2), interimsUpTo(1)]).toEqual([
    [3, 5, 8],
    [3, 5, 8, 12, 18, 20],
    [3, 4],
    [2],
    [],
  ]);
});

describe("error of the sequential test, by simulation", () => {
  /** Share of 1,500 races in which the two are not told apart though equal, or whose interval leaves the truth out. */
  const simulate = async (
    truth: number,
    noise: (k: number) => number,
  ): Promise<{ clear: number; out: number; seeds: number }> => {
    const races = 1500;
    let [clear, out, seeds, k] = [0, 0, 0, 0];
    for (let i = 0; i < races; i++) {
      const { rivals } = (await race(entrants, {
        max: 12,
        run: async ({ label }) => at(400 * (label === "a" ? truth : 1) * Math.exp(noise(k++)), 1e9),
      }))!; // biome-ignore format: short
      const [rival] = rivals;
      if (rival!.verdict === "ahead" || rival!.verdict === "behind") clear++;
      if (rival!.low > truth || rival!.high < truth) out++;
      seeds += rival!.seeds;
    }
    return { clear: clear / races, out: out / races, seeds: seeds / races };
  };
  const normal = stream(7, "race").normal(200_000);
  const uniform = stream(8, "race").uniform(200_000);

  test.each([
    ["normal", (k: number) => 0.2 * normal[k % normal.length]!],
    // Student's t with 3 degrees of freedom: heavy tails
    [
      "heavy-tailed",
      (k: number) =>
        0.1 *
        (normal[k % normal.length]! /
          Math.sqrt(
            (normal[(k * 3 + 1) % 199_999]! ** 2 +
              normal[(k * 7 + 2) % 199_997]! ** 2 +
              normal[(k * 11 + 3) % 199_993]! ** 2) /
              3,
          )),
    ],
    ["skewed", (k: number) => -0.3 * Math.log(1 - uniform[k % uniform.length]!)],
  ] as const)("equal ones with %s noise are called different in at most 5 %%", async (_, noise) => {
    // biome-ignore format: a table
    const { clear, out } = await simulate(1, noise);
    // 5 % and two standard errors of 1,500 races
    expect(clear).toBeLessThan(0.05 + 0.0113);
    expect(out).toBeLessThan(0.05 + 0.0113);
  });

  test("a true difference is found, the sooner the larger, and the interval holds it", async () => {
    const noise = (k: number): number => 0.1 * normal[k % normal.length]!;
    const [small, large] = [await simulate(0.85, noise), await simulate(0.5, noise)];
    expect([small.clear > 0.6, large.clear > 0.99]).toEqual([true, true]);
    expect(large.seeds).toBeLessThan(small.seeds - 2);
    expect(Math.max(small.out, large.out)).toBeLessThan(0.05 + 0.0113);
  });
});

describe("verdicts", () => {
  const verdict = (a: (number | null)[], b: (number | null)[]): string =>
    judgeRival(a.map((s) => at(s)), b.map((s) => at(s)), 0.05).verdict; // biome-ignore format: short
  test("the interval by hand: log ratios −0.3 ± 0.1·4.303/√3", () => {
    const rival = [0.2, 0.3, 0.4].map((x) => at(100 * Math.exp(x)));
    const { ratio, low, high } = judgeRival([at(100), at(100), at(100)], rival, 0.05);
    expect(Math.log(ratio)).toBeCloseTo(-0.3, 10);
    expect(Math.log(low)).toBeCloseTo(-0.3 - (0.1 * 4.302653) / Math.sqrt(3), 5);
    expect(Math.log(high)).toBeCloseTo(-0.3 + (0.1 * 4.302653) / Math.sqrt(3), 5);
  });

  test("ahead, behind, tie, undecided", () => {
    expect(verdict([100, 101, 99], [150, 149, 151])).toBe("ahead");
    expect(verdict([150, 149, 151], [100, 101, 99])).toBe("behind");
    expect(verdict([1000, 1001, 999], [1001, 999, 1000])).toBe("tie");
    expect(verdict([100, 200, 50], [110, 100, 100])).toBe("undecided");
  });

  test("who misses the target is ahead of nobody, and a rival's misses count as a whole run", () => {
    expect(verdict([100, null, 100], [300, 300, 300])).toBe("undecided");
    expect(verdict([100, 101, 99], [null, null, 990])).toBe("ahead");
    expect(verdict([null, null, null], [null, null, null])).toBe("undecided");
    expect(verdict([900, 901, 899], [100, 101, null])).toBe("undecided");
  });
});

describe("a race", () => {
  const run = async ({ label }: { label: string }, seed: number): Promise<Arrival> =>
    label === "a" ? at(100 + seed) : label === "b" ? at(200 + seed) : at(100 + 50 * Math.cos(3 * seed));
  test("a rival that is judged gets no more seeds; the open one gets them all", async () => {
    const three = [...entrants, { label: "c" }];
    const found = (await race(three, { max: 8, run, absent: ["d"] }))!;
    expect(found.rivals.map((r) => [r.label, r.verdict, r.seeds])).toEqual([
      ["b", "ahead", 3],
      ["c", "undecided", 8],
    ]);
    expect(found.trainings).toBe(8 + 3 + 8);
    const [first, second, third] = raceWords(found, 0.42);
    expect(first).toMatch(
      /^a reaches 0\.42 in 0\.5× the steps of b \(0\.4\d?–0\.5\d?, 3 seeds; 0\.5× the seconds\); beyond noise$/,
    );
    expect(second).toContain("not beyond noise: the seeds can't tell them apart");
    expect(third).toBe("d did not reach 0.42 with every seed at any rate");
  });

  test("one entrant, or no fresh seeds: no race", async () => {
    expect(await race(entrants.slice(1), { max: 8, run })).toBeNull();
    expect(await race(entrants, { max: 0, run })).toBeNull();
  });

  test("a rival that is faster is named first; misses are told", () => {
    const found: Race = {
      favourite: "a",
      missed: 1,
      absent: [],
      trainings: 6,
      rivals: [{ label: "b", verdict: "behind", ratio: 2, low: 1.6, high: 2.5, seconds: 4, seeds: 3, missed: 0 }],
    }; // biome-ignore format: short
    expect(raceWords(found, 1)).toEqual([
      "b reaches 1 in 0.5× the steps of a (0.4–0.63, 3 seeds; 0.25× the seconds); beyond noise",
      "a itself missed 1 with 1 of 3 fresh seeds",
    ]);
  });
});
