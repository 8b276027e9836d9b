/** The search on problems whose answer is known, what it refuses, and that it leaves a run as it was. */
import { describe, expect, test } from "vitest";
import { memoryHost } from "../../src/data/memory-host.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import { systemClock } from "../../src/run/long-work.ts";
import { parseRun } from "../../src/run/parse-run.ts";
import { type BuiltRun, buildRun } from "../../src/train/build.ts";
import { train } from "../../src/train/loop.ts";
import { type FindLrOptions, findLr, usualBudget } from "../../src/tune/find-lr/find-lr.ts";
import { rules } from "../../src/tune/find-lr/other-tools.ts";
import type { FindLrResult } from "../../src/tune/find-lr/types.ts";
import { quadratic, quadraticRun } from "./noisy-quadratic.ts";

const find = async (run: BuiltRun, options: FindLrOptions = {}): Promise<FindLrResult> =>
  (await findLr(run, { curvature: false, sweep: false, ...options }))!;

const run = (more: Readonly<Record<string, unknown>>, csv = ""): Promise<BuiltRun> =>
  buildRun(
    parseRun({
      data: { source: "lesson-logistic-flipped" },
      model: { kind: "linear" },
      loss: "bce-with-logits",
      optimizer: { name: "sgd" },
      batchSize: 20,
      steps: 200,
      validation: 0,
      ...more,
    }),
    { host: memoryHost({ "a.csv": csv }), backend: wasm },
  );

// theory: on ½ Σ λθ² gradient descent is stable below 2/L, heavy ball below 2(1+β)/L (Polyak 1964)
test.each([
  { optimizer: { name: "sgd" }, limit: (l: number) => 2 / l },
  { optimizer: { name: "sgd", momentum: 0.9 }, limit: (l: number) => 3.8 / l },
])(
  "noisy quadratics, $optimizer: stable, and less than a twentieth of the way to a grid's best is lost",
  async ({ optimizer, limit }) => {
    for (let id = 100; id < 106; id++) {
      const q = quadratic(id);
      const built = await quadraticRun(q, optimizer);
      const { suggestion, cost, budget } = await find(built);
      expect(suggestion! / limit(q.largest)).toBeLessThan(0.95);
      expect(cost).toBeLessThan(budget + 0.1);
      const at = (lr: number): number => lastTenth(built, lr);
      const grid = Array.from({ length: 12 }, (_, i) => at((0.9 * limit(q.largest)) / 2 ** i));
      const [start, best] = [at(0), Math.min(...grid)];
      expect((at(suggestion!) - best) / (start - best)).toBeLessThan(0.05);
    }
  },
);

/** Mean loss of the last tenth of a whole training. */
function lastTenth(built: BuiltRun, lr: number): number {
  built.step.redraw(built.spec.seed);
  let sum = 0;
  const from = Math.floor(0.9 * built.totalSteps);
  for (let k = 0; k < built.totalSteps; k++) {
    const { loss } = built.advance(k, lr);
    if (k >= from) sum += loss / (built.totalSteps - from);
  }
  return sum;
}

test("a run may cost 4 trainings when it is short, and 1.5 when it is long", () => {
  expect([100, 300, 1000, 1e6].map(usualBudget)).toEqual([4, 4, 1.5, 1.5]);
  expect(usualBudget(550)).toBeGreaterThan(usualBudget(600));
});

test("what was there before is there after, to the last bit, and training goes on alike", async () => {
  const spec = {
    data: { csv: "a.csv", target: "y", standardize: true },
    model: { kind: "mlp", hidden: [8], dropout: 0.2 },
    loss: "mse",
    optimizer: { name: "adam" },
    schedule: "one-cycle",
    batchSize: 16,
    steps: 60,
    validation: 0.2,
  };
  const csv = `x,z,y\n${Array.from({ length: 50 }, (_, i) => `${Math.sin(i)},${i % 7},${Math.cos(2 * i)}`).join("\n")}`;
  const [plain, searched] = [await run(spec, csv), await run(spec, csv)];
  for (const r of [plain, searched]) for (let k = 0; k < 5; k++) r.advance(k, 0.01, 0.9);
  const result = await find(searched, { curvature: true, sweep: true });
  expect(result.steps).toBeGreaterThan(300);
  const values = (r: BuiltRun): number[][] => r.step.state.map((t) => Array.from(t.values));
  expect(values(searched)).toEqual(values(plain));
  for (const r of [plain, searched]) await train(r);
  expect(values(searched)).toEqual(values(plain));
  expect(searched.step.result).toEqual(plain.step.result);
});

test("a schedule's factor is found, and the suggestion is what to write at optimizer.lr", async () => {
  const constant = await find(await run({}));
  const half = await find(
    await run({ schedule: { name: "constant-factor", factor: 0.5, totalIters: 100_000 } }),
  );
  expect(half.scheduleFactor).toBeCloseTo(0.5, 10);
  const ratio = half.suggestion! / (2 * constant.suggestion!);
  expect(ratio).toBeGreaterThan(0.49);
  expect(ratio).toBeLessThan(2.01);
});

test("an interrupted search is null and leaves the run alone", async () => {
  const r = await run({});
  const before = Array.from(r.step.state[0]!.values);
  const stop = new AbortController();
  let asked = 0;
  const now = (): number => {
    if (++asked > 20) stop.abort();
    return 100 * asked;
  };
  const result = await findLr(r, { clock: { now, pause: systemClock.pause }, signal: stop.signal });
  expect(result).toBeNull();
  expect(Array.from(r.step.state[0]!.values)).toEqual(before);
});

test("progress says what is tried; the range test is a picture with other tools' rules, made on request", async () => {
  const texts: string[] = [];
  let asked = 0;
  const clock = { now: (): number => 100 * ++asked, pause: async (): Promise<void> => {} };
  const without = await find(await run({}), { clock, onProgress: (p) => texts.push(p.text) });
  expect(texts).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/steps at/),
      expect.stringMatching(/beside the best|rates to/),
    ]),
  );
  expect([without.curve, without.rules]).toEqual([[], {}]);
  const drawn = await find(await run({}), { sweep: true });
  expect(drawn.curve.length).toBeGreaterThan(100);
  expect(Object.keys(drawn.rules)).toEqual(rules.map((r) => r.id));
  expect(drawn.suggestion).toBe(without.suggestion);
});

describe("what the rate is for", () => {
  /** Sixty rows of noise around a line: a large model learns them by heart. */
  const table = (length: number, noise: number): string => {
    const rows = Array.from({ length }, (_, i) => {
      const x = Array.from({ length: 6 }, (_, j) => Math.sin(97 * i + 13 * j + (i * j) / 7));
      return [...x, x[0]! + noise * Math.sin(1e3 * i * i)].join(",");
    });
    return `a,b,c,d,e,f,y\n${rows.join("\n")}`;
  };
  const csv = table(60, 1);
  const spec = {
    data: { csv: "a.csv", target: "y" },
    model: { kind: "mlp", hidden: [64] },
    loss: "mse",
    optimizer: { name: "adam" },
    batchSize: 16,
    steps: 300,
    validation: 0.3,
  };

  test("held-out loss where rows are held out: a lower rate than by training loss, and both are told", async () => {
    const byDefault = await find(await run(spec, csv));
    const training = await find(await run(spec, csv), { for: "training" });
    expect(byDefault.for).toBe("validation");
    expect(byDefault.suggestion!).toBeLessThan(training.suggestion! / 2);
    expect(byDefault.suggestion!).toBeLessThanOrEqual(byDefault.best.validation!);
    expect(byDefault.best.training!).toBeGreaterThan(byDefault.best.validation!);
    expect(byDefault.checks.find((c) => c.id === "overfitting")!.text).toContain("by heart");
  });

  test("where nothing holds for other rows, that is told; with more rows, as is advised, something does", async () => {
    const told = async (n: number): Promise<string | undefined> => {
      const { checks } = await find(await run({ ...spec, steps: 150 }, table(n, 4)), { budget: 2 });
      return checks.find((c) => c.id === "constant")?.text;
    };
    expect(await told(40)).toContain(
      "nothing that holds for other rows is learnt yet; more steps, more rows",
    );
    expect(await told(1500)).toBeUndefined();
  });

  test("without held-out rows it can't be the held-out loss", async () => {
    await expect(find(await run({}), { for: "validation" })).rejects.toThrow(/holds no rows out/);
  });
});

describe("refusals, and where their advice leads", () => {
  const table = (n: number, y: (i: number) => number): string =>
    `x,y\n${Array.from({ length: n }, (_, i) => `${Math.sin(i)},${y(i)}`).join("\n")}`;
  const regression = { data: { csv: "a.csv", target: "y" }, loss: "mse", batchSize: 20, steps: 100 };

  test("the loss is no number before the first step", async () => {
    const built = await run({ ...regression, batchSize: "full" }, "x,y\n1e30,1e30\n2e30,-1e30");
    const { refusal, reason, suggestion } = await find(built);
    expect([refusal, suggestion]).toEqual(["not-finite", null]);
    expect(reason).toMatch(/data/);
  });

  test("every training dies above --from; without it, as is advised, there is a rate", async () => {
    const csv = table(40, (i) => 3 * Math.sin(i));
    const { refusal, reason } = await find(await run(regression, csv), { from: 1e5 });
    expect(refusal).toBe("diverged-at-once");
    expect(reason).toContain("leave --from out");
    expect((await find(await run(regression, csv))).suggestion).toBeGreaterThan(0);
  });

  test("extreme values in the data: every training dies; standardized, as is advised, there is a rate", async () => {
    const csv = `x,y\n${Array.from({ length: 40 }, (_, i) => `${1e17 * Math.sin(i)},${Math.sin(i)}`).join("\n")}`;
    const { refusal, reason } = await find(await run(regression, csv));
    expect(refusal).toBe("diverged-at-once");
    expect(reason).toContain("--data.standardize true");
    const data = { csv: "a.csv", target: "y", standardize: true };
    expect((await find(await run({ ...regression, data }, csv))).suggestion).toBeGreaterThan(0);
  });

  test("the same with the gradient clipped, as is advised", async () => {
    const csv = `x,y\n${Array.from({ length: 40 }, (_, i) => `${1e8 * Math.sin(i)},${Math.sin(i)}`).join("\n")}`;
    const spec = { ...regression, optimizer: { name: "sgd", lr: 0.1 } };
    const { refusal, reason } = await find(await run(spec, csv));
    expect(refusal).toBe("diverged-at-once");
    const [, key, value] = /\(--clip\.(\S+) (\S+)\)/.exec(reason)!;
    const clipped = await find(await run({ ...spec, clip: { [key!]: Number(value) } }, csv));
    expect(clipped.suggestion).toBeGreaterThan(0);
  });

  /** The class is the product of two signs: linear in none of them. */
  const xor = `a,b,y\n${Array.from({ length: 64 }, (_, i) => {
    const [a, b] = [i % 2 ? 1 : -1, i % 4 < 2 ? 1 : -1];
    return [a, b, -a * b].join(",");
  }).join("\n")}`;
  const signs = {
    data: { csv: "a.csv", target: "y", categorical: [], task: "regression" },
    loss: "mse",
    batchSize: "full",
  };

  test("a fragile answer: with --seeds and a larger --budget, as is advised, all seeds' losses are told", async () => {
    const spec = {
      ...signs,
      model: { kind: "mlp", hidden: [2], activation: "tanh" },
      optimizer: { name: "adam" },
      steps: 200,
      validation: undefined,
    };
    const first = await find(await run(spec, xor));
    const text = first.checks.find((c) => c.id === "seeds")!.text;
    expect([first.fragile, text.slice(0, 7)]).toEqual([true, "fragile"]);
    const seeds = Number(/--seeds (\d+)/.exec(text)![1]);
    const second = await find(await run(spec, xor), { seeds, budget: 4 * first.budget });
    const { losses } = second.shortRuns.runs.find((r) => r.lr === second.suggestion)!;
    expect(losses).toHaveLength(seeds);
    expect(Math.max(...losses.map(Number)) - Math.min(...losses.map(Number))).toBeGreaterThan(0.1);
  });

  test("a plateau that ends late: with --budget as is advised, and then with --steps as is advised, there is a rate", async () => {
    // the product of three signs among eight
    const rows = Array.from({ length: 256 }, (_, i) => {
      const bits = Array.from({ length: 8 }, (_, j) => ((i >> j) & 1 ? 1 : -1));
      return [...bits, bits[0]! * bits[1]! * bits[2]!].join(",");
    });
    const csv = `a,b,c,d,e,f,g,h,y\n${rows.join("\n")}`;
    const spec = {
      ...signs,
      model: { kind: "mlp", hidden: [16], activation: "tanh" },
      optimizer: { name: "sgd", lr: 0.01 },
      batchSize: 32,
      steps: 30,
    };
    const short = await find(await run(spec, csv));
    expect(short.refusal).toBe("flat");
    const budget = Number(/--budget (\d+)/.exec(short.reason)![1]);
    const whole = await find(await run(spec, csv), { budget });
    expect([whole.refusal, whole.shortRuns.steps]).toEqual(["flat", 30]);
    expect(whole.reason).toContain("it may need more steps (--steps)");
    const long = await find(await run({ ...spec, steps: 1000 }, csv));
    expect(long.suggestion).toBeGreaterThan(0);
    expect(long.shortRuns.runs.some((r) => r.losses[0]! < 0.5 * long.constant!)).toBe(true);
  });

  test("nothing to learn: the loss stays at what a constant scores", async () => {
    const csv = table(400, (i) => (Math.sin(1e4 * (i + 1) ** 2) > 0 ? 1 : -1));
    const { refusal, reason } = await find(await run(regression, csv));
    expect(refusal).toBe("flat");
    expect(reason).toMatch(/--budget|--steps/);
  });

  test("a loss without an edge and one with much noise get a rate", async () => {
    // separable classes: the loss goes on falling at any rate
    const separable = await find(await run({ data: { source: "lesson-logistic" }, batchSize: "full" }));
    expect(separable.suggestion).toBeGreaterThan(0);
    const noisy = await find(await quadraticRun(quadratic(1, 1), { name: "sgd" }));
    expect(noisy.suggestion).toBeGreaterThan(0);
  });

  test("a larger --budget, as it is advised, goes further", async () => {
    const spec = { steps: 1200 };
    const first = await find(await run(spec));
    const text = first.checks.find((c) => c.id === "length")!.text;
    const budget = Number(/--budget (\S+)/.exec(text)![1]);
    const second = await find(await run(spec), { budget });
    expect(second.shortRuns.steps).toBeGreaterThan(first.shortRuns.steps);
  });
});
