import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { memoryHost } from "../../data/memory-host.ts";
import { nodeHost } from "../../data/node-host.ts";
import { wasm } from "../../engine/backends/wasm.ts";
import { parseRun } from "../../run/parse-run.ts";
import type { RunSpec } from "../../run/spec.ts";
import { advise, agreement, isAdvised } from "./advise.ts";
import { type Cell, lossWindow, runCell } from "./cell.ts";
import { type CompareOptions, type Comparison, cellKey, compare, searchKey } from "./compare.ts";
import { parseContestants } from "./contestants.ts";
import { type RateQuestion, type RateSearch, searchCellRate } from "./rate-search.ts";
import { ratePlan } from "./rates.ts";
import { sensitivity } from "./sensitivity.ts";
import { meanOf, t95 } from "./student-t.ts";
import { type Summary, summarize } from "./summary.ts";

/** From PyTorch and NumPy: test/golden/make_compare.py. */
const golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/compare.json", import.meta.url), "utf8"),
) as {
  cells: { optimizer: RunSpec["optimizer"]; start: number; final: number; best: number; steps: number }[];
  t95: Record<string, number>;
};
const lesson = parseRun({
  data: { source: "lesson-ill-conditioned" },
  model: { kind: "linear" },
  loss: "bce-with-logits",
  optimizer: "adam",
  batchSize: "full",
  epochs: 500,
  validation: 0,
});
const compared = async (question: Comparison, options: CompareOptions): Promise<Summary> =>
  (await compare(question, options))!;
const tools = {
  host: nodeHost(),
  backend: wasm,
  clock: { now: () => performance.now(), pause: () => Promise.resolve() },
};

describe("contestants", () => {
  const own = { name: "sgd", lr: 0.1, momentum: 0.9 };
  test("names with options; the run file's hold for its own optimizer", () => {
    const made = parseContestants(
      "sgd,sgd:momentum=0,nesterov=false,adam:betas=[0.8,0.9],eps=1e-6,adamw",
      own,
    );
    expect(made.map((c) => c.optimizer)).toEqual([
      { name: "sgd", momentum: 0.9 },
      { name: "sgd", momentum: 0, nesterov: false },
      { name: "adam", betas: [0.8, 0.9], eps: 1e-6 },
      { name: "adamw" },
    ]);
    expect(made[0]!.label).toBe("sgd momentum=0.9");
    expect(parseContestants("sgd")).toEqual([{ label: "sgd", optimizer: { name: "sgd" } }]);
  });

  test.each([
    ["adm", /no optimizer named "adm"/], ["sgd:lr=1", /lr is given/], ["sgd,sgd", /twice/], ["", /no optimizer/],
    ["sgd:momentum", /not option=value/], ["eps=1", /before it/], ["sgd:momentum=-1", /momentum is -1/],
  ])("%s is refused", (text, message) => expect(() => parseContestants(text, own)).toThrow(message)); // biome-ignore format: a table
});

describe("statistics", () => {
  test("Student's t, by integration of its density", () => {
    for (const [df, t] of Object.entries(golden.t95))
      expect(Math.abs(t95(Number(df)) - t)).toBeLessThan(2e-3);
  });

  test("mean and standard error by hand: 1, 2, 6 → 3 ± √(14/2/3)", () => {
    const { mean, se } = meanOf([1, 2, 6])!;
    expect(mean).toBeCloseTo(3, 12);
    expect(se).toBeCloseTo(Math.sqrt(7 / 3), 12);
    expect(meanOf([5])!.se).toBeNull();
    expect(meanOf([])).toBeNull();
  });

  test("sensitivity by hand: over two decades, half at an excess that rises to 1, half capped at 3", () => {
    const rates = [
      { lr: 0.01, finals: [2, 2] },
      { lr: 0.1, finals: [1, 1] },
      { lr: 1, finals: [null, 99] },
    ];
    // trapezoids of min(ℓ, 4) − 1: (1 + 0)/2 and (0 + 3)/2, over two equal stretches
    const found = sensitivity(rates, { best: 0.1, start: 4, factor: 10 })!;
    expect(found.value).toBeCloseTo((0.5 + 1.5) / 2, 12);
    expect(found.cut).toBe(false);
    expect(sensitivity(rates.slice(1), { best: 0.1, start: 4, factor: 10 })!.cut).toBe(true);
  });
});

/** A cell with a given end; its lows fall in a straight line. */
const made = (run: RunSpec, final: number | null, start = 10): Cell => ({
  optimizer: run.optimizer,
  seed: run.seed,
  status: final === null ? "non-finite" : final > start ? "risen" : "ok",
  steps: 100,
  training: { start, final, best: final, bestStep: 100 },
  validation: null,
  lows: [[0, start], [100, final ?? start]], // biome-ignore format: two points
  seconds: 1,
});

/** What a search that ends at `rate` gives. */
const found = (question: RateQuestion, rate: number, more: Partial<RateSearch> = {}): RateSearch => ({
  ...question,
  rate,
  alive: true,
  refusal: null,
  reason: "",
  tried: [rate / 8, 8 * rate],
  edge: null,
  cost: 1.5,
  ...more,
});

describe("a comparison", () => {
  const question = (more: Partial<Comparison> = {}): Comparison => ({
    run: lesson,
    contestants: parseContestants("sgd,adam", { name: "lion" }),
    seeds: [1, 2, 3],
    plan: ratePlan(),
    ...more,
  });
  const bests: Record<string, number> = { sgd: 0.1, adam: 0.003 };
  // two octaves off, on both sides
  const searchRate = async (_: RunSpec, question: RateQuestion): Promise<RateSearch> =>
    found(question, question.optimizer.name === "sgd" ? 0.4 : 0.0008, {
      edge: question.optimizer.name === "sgd" ? 3.2 : null,
    });
  const lossOf = ({ optimizer: { name, lr }, seed }: RunSpec): number | null => {
    const away = Math.log10(Number(lr) / bests[name]!);
    return away > 1.2 ? null : 1 + away ** 2 + (name === "sgd" ? 0.5 : 0) + seed / 100;
  };

  test("the result does not depend on the order in which cells end", async () => {
    const results = await Promise.all(
      [0, 1, 7].map((salt) =>
        compare(question(), {
          runCell: async (run) => {
            const turns =
              salt === 0 ? 0 : (run.seed * salt * 13 + Math.round(Number(run.optimizer.lr) * 1e4)) % 11;
            for (let i = 0; i < turns; i++) await Promise.resolve();
            return made(run, lossOf(run));
          },
          searchRate,
        }),
      ),
    );
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    const [first, second] = results[0]!.contestants;
    const bestRates = [first!.label, first!.best!.lr, second!.label, second!.best!.lr];
    expect(bestRates).toEqual(["adam", 0.0032, "sgd", 0.1]);
    expect([first!.divergesFrom, first!.stableTo]).toEqual([0.0512, 0.0128]);
    // sgd breaks down beyond 1.58, and a part of a training did at 3.2
    expect([second!.divergesFrom, second!.stableTo]).toEqual([1.6, 0.8]);
    expect(second!.search).toMatchObject({ rate: 0.4, seed: 1, cost: 1.5 });
    // the seeds shift both alike, so the paired difference has no spread
    expect(results[0]!.judgement).toMatchObject({ first: "adam", second: "sgd", clear: true });
  });

  test("known cells and searches are not made again, and new ones are told", async () => {
    const cells = new Map<string, Cell>();
    const searched = new Map<string, RateSearch>();
    let ran = 0;
    let searches = 0;
    const options = {
      runCell: async (run: RunSpec) => {
        ran++;
        return made(run, lossOf(run));
      },
      searchRate: async (run: RunSpec, asked: RateQuestion) => {
        searches++;
        return searchRate(run, asked);
      },
      known: cells,
      searched,
      onCell: (cell: Cell) => void cells.set(cellKey(cell), cell),
      onSearch: (search: RateSearch) => void searched.set(searchKey(search), search),
    };
    const first = await compared(question(), options);
    expect(ran).toBe(cells.size);
    const before = ran;
    expect(await compared(question(), options)).toEqual(first);
    expect(ran).toBe(before);
    await compared(question({ seeds: [1, 2, 3, 4] }), options);
    expect([...cells.values()].slice(before).every((cell) => cell.seed === 4)).toBe(true);
    expect(searches).toBe(2);
    await compared(question({ plan: ratePlan({ budget: 4 }) }), options);
    expect(searches).toBe(4);
  });

  test("fresh seeds, which chose nothing, judge who reaches the target first", async () => {
    const asked: RunSpec[] = [];
    const runCell = async (run: RunSpec): Promise<Cell> => {
      asked.push(run);
      const away = Math.abs(Math.log10(Number(run.optimizer.lr) / bests[run.optimizer.name]!));
      // to half of the start: 20 steps at the best rate for one, 30 for the other, a little more away from it
      const half = (run.optimizer.name === "sgd" ? 30 : 20) * (1 + away / 10) + (run.seed % 3) / 10;
      return { ...made(run, 1), lows: [[0, 10], [half, 5], [100, 1]] }; // biome-ignore format: short
    };
    const found = (await compare(question({ target: 5, freshSeeds: 8 }), { runCell, searchRate }))!;
    expect(found.race).toMatchObject({ favourite: "adam", absent: [], trainings: 6 });
    const [rival] = found.race!.rivals;
    expect(rival).toMatchObject({ label: "sgd", verdict: "ahead", seeds: 3 });
    const to = (label: string): number =>
      found.contestants.find((c) => c.label === label)!.toTarget!.steps.mean;
    expect(rival!.ratio).toBeCloseTo(to("adam") / to("sgd"), 2);
    expect(asked.slice(-6).map((run) => run.seed).sort()).toEqual([4, 4, 5, 5, 6, 6]); // biome-ignore format: short
    expect((await compared(question({ target: "best" }), { runCell, searchRate })).target).toEqual({
      loss: 1,
      by: "best",
      chosen: true,
    });
  });

  test("aborted, it gives null and asks for no more cells", async () => {
    const stop = new AbortController();
    let ran = 0;
    const runCell = async (run: RunSpec) => {
      if (++ran === 3) stop.abort();
      return stop.signal.aborted ? null : made(run, 1);
    };
    expect(await compare(question(), { runCell, searchRate, signal: stop.signal })).toBeNull();
    const asked = ran;
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toBe(asked);
  });

  test("a failing cell fails the comparison", async () => {
    const failing = compare(question(), { runCell: () => Promise.reject(new Error("no room")), searchRate });
    await expect(failing).rejects.toThrow("no room");
    const runCell = async (run: RunSpec) => made(run, 1);
    const noSearch = compare(question(), { runCell, searchRate: () => Promise.reject(new Error("no disk")) });
    await expect(noSearch).rejects.toThrow("no disk");
  });

  test("all diverged: no best, no target, no judgement", async () => {
    const none = await compared(question(), {
      runCell: async (run) => made(run, null),
      searchRate: async (_, asked) => found(asked, 1e-7, { alive: false, edge: 1e-7 }),
    });
    expect(none.contestants.map((c) => [c.best, c.stableTo, c.divergesFrom, c.sensitivity])).toEqual([
      [null, null, 1e-7, null],
      [null, null, 1e-7, null],
    ]);
    expect([none.target, none.judgement]).toEqual([null, null]);
  });

  test("a rate at which one seed of three diverges is no choice, but is shown", async () => {
    const { contestants } = await compared(question({ plan: ratePlan({ rates: "0.1,1" }) }), {
      runCell: async (run) => made(run, run.optimizer.lr === 1 ? (run.seed === 2 ? null : 0.1) : 1),
    });
    expect(contestants[0]!.best!.lr).toBe(0.1);
    expect(contestants[0]!.rates[1]).toMatchObject({
      lr: 1,
      final: null,
      finals: [0.1, null, 0.1],
      nonFinite: 1,
    });
  });

  test("a rate at which a seed overfits ranks by its validation loss like any other", async () => {
    const { contestants } = await compared(question({ plan: ratePlan({ rates: "0.1,1" }) }), {
      runCell: async (run) =>
        run.optimizer.lr === 1 ? { ...made(run, 0.5), status: "overfitted" } : made(run, 1),
    });
    expect(contestants[0]!.best!.lr).toBe(1);
    expect(contestants[0]!.rates[1]).toMatchObject({ final: 0.5, risen: 0, overfitted: 3 });
  });

  test("a rate that passes the target and ends above the start is no way to get there", async () => {
    const { contestants } = await compared(question({ plan: ratePlan({ rates: "0.1,1" }), target: 1 }), {
      runCell: async (run) =>
        run.optimizer.lr === 1
          ? { ...made(run, 50), lows: [[5, 0.5]] }
          : { ...made(run, 0.9), lows: [[80, 0.9]] },
    });
    expect(contestants[0]!.rates[1]!.toTarget!.steps.mean).toBe(5);
    expect(contestants[0]!.toTarget).toMatchObject({ lr: 0.1, steps: { mean: 80 } });
  });

  test("a rate that holds the target goes before a faster one that overfits away from it", async () => {
    const at = (ends: Readonly<Record<number, readonly [reached: number, final: number]>>) =>
      compared(question({ plan: ratePlan({ rates: "0.1,1" }), target: 1 }), {
        runCell: async (run) => {
          const [reached, final] = ends[run.optimizer.lr as number]!;
          return { ...made(run, final), status: "overfitted", lows: [[reached, 0.9]] };
        },
      });
    const held = await at({ 1: [5, 4], 0.1: [80, 1.5] });
    expect(held.contestants[0]!.toTarget).toMatchObject({ lr: 0.1, steps: { mean: 80 } });
    // where none holds it, the first to arrive counts
    const lost = await at({ 1: [5, 4], 0.1: [80, 3] });
    expect(lost.contestants[0]!.toTarget).toMatchObject({ lr: 1, steps: { mean: 5 } });
  });

  test("noise: the same means with seeds that disagree are not clear, and one seed says nothing", () => {
    const [a, b] = parseContestants("sgd,adam", { name: "lion" });
    const cells = (c: typeof a, finals: readonly number[]): Cell[] =>
      finals.map((f, i) => made({ ...lesson, seed: i, optimizer: { ...c!.optimizer, lr: 0.1 } }, f));
    const judged = (x: number[], y: number[]) =>
      summarize(new Map([[a!, cells(a, x)], [b!, cells(b, y)]]), { seeds: [...x.keys()] }).judgement!; // biome-ignore format: short
    // differences 1, 0, 2: mean 1, standard error 1/√3, 4.303 of which is 2.48
    expect(judged([1, 1, 1], [2, 1, 3])).toMatchObject({ clear: false });
    expect(judged([1, 1, 1], [2, 1, 3]).margin).toBeCloseTo(4.303 / Math.sqrt(3), 3);
    expect(judged([1, 1, 1], [2, 2.1, 1.9])).toMatchObject({ first: "sgd", clear: true });
    expect(judged([1], [2])).toMatchObject({ margin: null, clear: null });
  });
});

describe("a cell", () => {
  test.each(golden.cells)(
    "is what PyTorch gets: $optimizer",
    async ({ optimizer, start, final, best, steps }) => {
      const cell = (await runCell({ ...lesson, optimizer, seed: 42 }, tools))!;
      expect(cell.status).toBe("ok");
      const { training } = cell;
      expect(training.start).toBeCloseTo(start, 6);
      expect(training.final).toBeCloseTo(final, 6);
      expect(training.best).toBeCloseTo(best, 6);
      expect(cell.lows.find(([, loss]) => loss <= 0.65)![0]).toBe(steps);
    },
  );

  test("NaN and a rise are results; other errors are thrown", async () => {
    const small = { ...lesson, epochs: 30, data: { source: "lesson-least-squares" }, loss: { name: "mse" } };
    const nan = (await runCell({ ...small, optimizer: { name: "sgd", lr: 1e30 } }, tools))!;
    expect(nan).toMatchObject({ status: "non-finite", training: { final: null } });
    expect(nan.steps).toBeLessThan(30);
    const risen = (await runCell({ ...small, optimizer: { name: "sgd", lr: 2 } }, tools))!;
    expect(risen.status).toBe("risen");
    await expect(runCell({ ...small, data: { source: "digts" } }, tools)).rejects.toThrow("digts");
  });

  test("a validation loss that rises while the training loss falls is overfitting, not divergence", async () => {
    const rows = Array.from(
      { length: 40 },
      (_, i) => `${Math.sin(97 * i)},${Math.cos(31 * i * i)},${i % 2 ? "a" : "b"}`,
    );
    const run = parseRun({
      data: { csv: "noise.csv", target: "y" },
      model: { kind: "mlp", hidden: [32] },
      optimizer: { name: "adam", lr: 0.03 },
      batchSize: "full",
      steps: 300,
      validation: 0.4,
    });
    const host = memoryHost({ "noise.csv": ["x,z,y", ...rows].join("\n") });
    const cell = (await runCell(run, { ...tools, host }))!;
    expect(cell.validation!.final).toBeGreaterThan(cell.validation!.start);
    expect(cell.training.final).toBeLessThan(cell.training.start / 2);
    expect(cell.status).toBe("overfitted");
  });

  test("validation ranks where there is one, also within a long epoch", async () => {
    const run = parseRun({
      data: { source: "lesson-logistic" },
      model: { kind: "linear" },
      optimizer: { name: "sgd", lr: 0.5 },
      batchSize: 2,
      steps: 60, // less than one epoch of 90
      validation: 0.1,
    });
    const cell = (await runCell(run, tools))!;
    expect(cell.validation!.final).toBeLessThan(cell.validation!.start);
    expect(cell.lows.length).toBeGreaterThan(5);
    expect(cell.lows.at(-1)).toEqual([cell.validation!.bestStep, cell.validation!.best]);
    expect(await runCell(run, { ...tools, signal: AbortSignal.abort() })).toBeNull();
  });

  test("windows: a hundredth of a full-batch run, at most an epoch of batches", () => {
    expect([
      lossWindow(500, 1),
      lossWindow(7, 1),
      lossWindow(1000, 20),
      lossWindow(1000, 700),
      lossWindow(4, 9),
    ]).toEqual([5, 1, 20, 50, 4]);
  });
});

describe("a search", () => {
  test.each([
    [500, null],
    // too short to get below a constant answer: no suggestion to give, but still the best of what was tried
    [100, "flat"],
  ])("over %d epochs ends where a quarter and four times the rate are worse", async (epochs, refusal) => {
    const asked = { optimizer: { name: "sgd" }, seed: 42, budget: 3, bounds: [1e-7, 1000] } as const;
    const search = (await searchCellRate({ ...lesson, epochs }, asked, tools))!;
    expect(search).toMatchObject({ ...asked, alive: true, refusal });
    // sgd stands at the constant answer for long here: the budget, and the training more that this may cost
    expect(search.cost).toBeLessThan(4.3);
    const lossAt = async (lr: number): Promise<number> => {
      const cell = await runCell({ ...lesson, epochs, optimizer: { name: "sgd", lr }, seed: 42 }, tools);
      return cell!.training.final ?? Number.POSITIVE_INFINITY;
    };
    const here = await lossAt(search.rate);
    expect(here).toBeLessThan(await lossAt(search.rate / 4));
    expect(here).toBeLessThan(await lossAt(4 * search.rate));
  });

  test("stays within the bounds, and stops when asked", async () => {
    const run = { ...lesson, epochs: 100 };
    const question = { optimizer: { name: "adam" }, seed: 42, budget: 3, bounds: [1e-4, 1e-3] } as const;
    const { rate, tried } = (await searchCellRate(run, question, tools))!;
    expect([rate, ...tried].every((lr) => lr >= 1e-4 && lr <= 1e-3)).toBe(true);
    expect(await searchCellRate(run, question, { ...tools, signal: AbortSignal.abort() })).toBeNull();
  });
});

describe("the guide", () => {
  const advised = (more: object, batchSize = 64): string =>
    advise({ run: { ...lesson, ...more }, batchSize }).optimizer;
  // S26: SGD+momentum for vision, Adam for language and fast iteration, AdamW for transformers, LAMB from 32,768
  test("by kind of problem", () => {
    expect(advised({})).toBe("adam");
    expect(advised({ model: { kind: "cnn", channels: [8] } })).toBe("sgd with momentum");
    expect(advised({ data: { source: "digits" } })).toBe("sgd with momentum");
    expect(advised({ data: { text: "t", context: 8 } })).toBe("adam");
    expect(advised({ model: { kind: "transformer", layers: 1, width: 8, heads: 1 } })).toBe("adamw");
    expect(advised({}, 32_768)).toBe("lamb");
    expect(advised({}, 32_767)).toBe("adam");
  });

  test("plain sgd is not sgd with momentum", () => {
    expect(isAdvised({ name: "sgd" }, "sgd with momentum")).toBe(false);
    expect(isAdvised({ name: "sgd", momentum: 0.9 }, "sgd with momentum")).toBe(true);
  });

  test("against a ranking", () => {
    const ranking = ["sgd", "adam", "adamw"].map((name) => ({ label: name, optimizer: { name }, best: {} }));
    const verdict = (optimizer: "adam" | "lamb" | "adamw", clear: boolean | null): string =>
      agreement({ optimizer, reason: "" }, ranking, () => clear).verdict;
    expect(verdict("adam", true)).toBe("disagrees");
    expect(verdict("adam", false)).toBe("agrees-within-noise");
    expect(verdict("adam", null)).toBe("undecided");
    expect(verdict("lamb", true)).toBe("not-measured");
    expect(agreement({ optimizer: "adam", reason: "" }, ranking.slice(1), () => true).verdict).toBe("agrees");
  });
});
