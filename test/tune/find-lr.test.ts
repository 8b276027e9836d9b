/** The search on problems whose answer is known, what it refuses, and that it leaves a run as it was. */
import { expect, test } from "vitest";
import { memoryHost } from "../../src/data/memory-host.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import { systemClock } from "../../src/run/long-work.ts";
import { parseRun } from "../../src/run/parse-run.ts";
import { type BuiltRun, buildRun } from "../../src/train/build.ts";
import { train } from "../../src/train/loop.ts";
import { type FindLrOptions, findLr } from "../../src/tune/find-lr/find-lr.ts";
import { rules } from "../../src/tune/find-lr/other-tools.ts";
import type { FindLrResult } from "../../src/tune/find-lr/types.ts";
import { quadratic, quadraticRun } from "./noisy-quadratic.ts";

const find = async (run: BuiltRun, options: Partial<FindLrOptions> = {}): Promise<FindLrResult> =>
  (await findLr(run, { curvature: false, ...options }))!;

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
  "noisy quadratics, $optimizer: within 0.05 to 0.9 of the limit, closer together than other rules",
  async ({ optimizer, limit }) => {
    const ratios: number[] = [];
    const theirs: Record<string, number[]> = {};
    for (let id = 100; id < 108; id++) {
      const q = quadratic(id);
      const result = await find(await quadraticRun(q, optimizer));
      ratios.push(result.suggestion! / limit(q.largest));
      const { losses } = result.seeds[0]!;
      for (const rule of rules) {
        const lr = rule.choose(
          result.curve.map((p) => p.lr),
          losses.map((v) => v ?? Number.NaN),
        );
        theirs[rule.id] ??= [];
        theirs[rule.id]!.push(lr! / limit(q.largest));
      }
    }
    for (const r of ratios) {
      expect(r).toBeGreaterThan(0.05);
      expect(r).toBeLessThan(0.9);
    }
    const spread = (xs: readonly number[]): number => Math.max(...xs) / Math.min(...xs);
    for (const [id, xs] of Object.entries(theirs)) expect(spread(ratios), id).toBeLessThan(spread(xs));
  },
);

test("curvature finds the quadratic's own L", async () => {
  const q = quadratic(3, 0.05);
  const { curvatureLimit, curvature, checks } = await find(await quadraticRun(q, { name: "sgd" }), {
    curvature: true,
  });
  expect(curvature!.afterWarmUp / q.largest).toBeCloseTo(1, 1);
  expect(curvatureLimit! / (2 / q.largest)).toBeCloseTo(1, 1);
  expect(checks.find((c) => c.id === "curvature")!.ok).toBe(true);
});

test("training after a search is the same to the last bit", async () => {
  const spec = {
    data: { csv: "a.csv", target: "y" },
    model: { kind: "mlp", hidden: [8], dropout: 0.2 },
    loss: "mse",
    optimizer: { name: "adam", lr: 0.01 },
    schedule: { name: "one-cycle" },
    batchSize: 7,
    steps: 40,
  };
  const csv = `x,y\n${Array.from({ length: 40 }, (_, i) => `${Math.sin(i)},${Math.cos(2 * i)}`).join("\n")}`;
  const [plain, searched] = [await run(spec, csv), await run(spec, csv)];
  for (const r of [plain, searched]) for (let k = 0; k < 5; k++) r.advance(k, 0.01, 0.9);
  const result = await find(searched, { curvature: true });
  expect(result.steps).toBeGreaterThan(500);
  const values = (r: BuiltRun): number[][] => r.step.state.map((t) => Array.from(t.values));
  expect(values(searched)).toEqual(values(plain));
  for (const r of [plain, searched]) await train(r);
  expect(values(searched)).toEqual(values(plain));
  expect(searched.step.result).toEqual(plain.step.result);
});

test("the schedule's peak gets the rate that was measured", async () => {
  const constant = await find(await run({}));
  const half = await find(
    await run({ schedule: { name: "constant-factor", factor: 0.5, totalIters: 100_000 } }),
  );
  expect(half.scheduleFactor).toBeCloseTo(0.5, 10);
  expect(half.suggestion! / (2 * constant.suggestion!)).toBeCloseTo(1, 2);
});

test("an interrupted search is null and leaves the run alone", async () => {
  const r = await run({});
  const before = Array.from(r.step.state[0]!.values);
  const stop = new AbortController();
  let looks = 0;
  const now = (): number => {
    if (++looks > 20) stop.abort();
    return 100 * looks;
  };
  const result = await findLr(r, { clock: { now, pause: systemClock.pause }, signal: stop.signal });
  expect(result).toBeNull();
  expect(Array.from(r.step.state[0]!.values)).toEqual(before);
});

test("refuses where the noise hides what is gained", async () => {
  const { refusal, reason } = await find(await quadraticRun(quadratic(1, 30), { name: "sgd" }));
  expect(refusal).toBe("flat");
  expect(reason).toMatch(/noise/);
});

test("separable classes have no highest rate by the sweep's loss, and it says so", async () => {
  const r = await run({ data: { source: "lesson-logistic" }, batchSize: "full" });
  const { suggestion, refusal, reason } = await find(r, { to: 10 });
  expect([suggestion, refusal]).toEqual([null, "never-diverged"]);
  expect(reason).toMatch(/--to 10000/);
});

test.each([
  { title: "begins where it diverges", refusal: "diverged-at-once", csv: "x,y\n1,0\n2,1\n3,0\n4,1", more: {}, from: 100, to: 1e5 },
  { title: "overflows before the first step", refusal: "not-finite", csv: "x,y\n1e30,1e30\n2e30,-1e30", more: {} },
])("refuses: $title", async ({ refusal, csv, more, from, to }) => {
  const r = await run(
    { data: { csv: "a.csv", target: "y" }, loss: "mse", batchSize: "full", ...more },
    csv,
  );
  const result = await find(r, { from, to });
  expect(result.refusal).toBe(refusal);
  expect(result.suggestion).toBeNull();
  expect(result.reason.length).toBeGreaterThan(30);
}); // biome-ignore format: a table
