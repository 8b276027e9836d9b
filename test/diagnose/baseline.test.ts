/** A run beside one that is known to be good: where they part, in what, and when nothing may be said. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type BaselineComparison, diagnose } from "../../src/diagnose/index.ts";
import { baselineLines } from "../../src/diagnose/words.ts";
import { readLogPaths } from "../../src/logs/node-files.ts";
import type { RunLog } from "../../src/run/log.ts";
import { makeLog, noise } from "./make-log.ts";

const judge = (log: RunLog, good: RunLog) => diagnose([log], { baseline: good }).runs[0]!.baseline;
function beside(log: RunLog, good: RunLog): BaselineComparison {
  const found = judge(log, good);
  if (typeof found !== "object") throw new Error(String(found));
  return found;
}
const what = (c: BaselineComparison): string[] => c.differences.map((d) => d.what);

interface Shape {
  readonly first?: number;
  readonly floor?: number;
  readonly tau?: number;
  readonly rough?: number;
  readonly norm?: number;
  readonly lr?: number;
  readonly seed?: number;
  readonly points?: number;
  readonly stride?: number;
}
function run({
  first = 2.3,
  floor = 0.3,
  tau = 40,
  rough = 0.02,
  norm = 1,
  lr = 0.01,
  seed = 1,
  points = 400,
  stride = 1,
}: Shape = {}): RunLog {
  const e = noise(seed);
  return makeLog(
    {
      loss: (i) => floor + (first - floor) * Math.exp((-i * stride) / tau) + rough * e(),
      gradNorm: () => norm * (1 + 0.1 * e()),
      lr: () => lr,
    },
    { points, stride },
  );
}

describe("a run beside a good one", () => {
  it("stays with it when only the noise differs, at any logging interval", () => {
    for (let seed = 2; seed < 30; seed++) {
      const same = beside(run({ seed }), run());
      expect([same.partsAt, what(same)], `seed ${seed}`).toEqual([null, []]);
      const sparse = beside(run({ seed, stride: 5, points: 80 }), run());
      expect([sparse.partsAt, what(sparse)], `seed ${seed}, every fifth step`).toEqual([null, []]);
    }
  });

  it.each<[string, Shape, string[]]>([
    ["another first loss", { first: 4.6 }, ["first-loss"]],
    ["slower from the start", { tau: 160 }, ["first-slope"]],
    ["a higher floor", { floor: 0.6 }, ["floor"]],
    ["more noise", { rough: 0.08 }, ["noise"]],
    ["larger gradients", { norm: 4 }, ["gradient-norm"]],
    ["another rate", { lr: 0.02 }, ["peak-rate"]],
  ])("%s is named, and nothing that is the same", (_, shape, expected) => {
    const found = what(beside(run({ seed: 5, ...shape }), run()));
    expect(found).toEqual(expect.arrayContaining(expected));
    const measures = ["first-loss", "noise", "gradient-norm", "peak-rate"];
    for (const other of measures.filter((m) => !expected.includes(m) && expected[0] !== "floor"))
      expect(found).not.toContain(other);
  });

  it("finds the step at which they leave each other", () => {
    const e = noise(9);
    const good = run({ seed: 3 });
    const off = makeLog({ loss: (i) => 0.3 + 2 * Math.exp(-i / 40) + 0.02 * e() + (i < 220 ? 0 : 0.15) });
    const { partsAt } = beside(off, good);
    expect(partsAt).toBeGreaterThanOrEqual(215);
    expect(partsAt).toBeLessThanOrEqual(222);
  });

  it("shows where a resume lost the optimizer's state, beside the same run that kept it", async () => {
    const [lost, kept] = await readLogPaths(
      ["optimizer-state-lost.csv", "optimizer-state-kept.csv"].map((f) =>
        fileURLToPath(new URL(`cases/${f}`, import.meta.url)),
      ),
    );
    expect(beside(lost!, kept!).partsAt).toBe(601);
  });

  it("compares the steps that both have", () => {
    expect(beside(run({ seed: 4, points: 200 }), run()).steps).toEqual([0, 199]);
  });

  it("says why there is no comparison", () => {
    const epochs = makeLog({ loss: (i) => 1 / (i + 1) }, { stepUnit: "epoch" });
    expect(judge(epochs, run())).toMatch(/counts in epochs and the other in steps/);
    expect(judge(run({ points: 10 }), run())).toMatch(/fewer than 20/);
    expect(judge(makeLog({}), run())).toMatch(/has no loss/);
  });

  it("is told in sentences", () => {
    const log = run({ floor: 0.6, seed: 7 });
    const [judged] = diagnose([log], { baseline: { ...run(), source: "good.csv" } }).runs;
    const lines = baselineLines({ log, run: judged! });
    expect(lines[0]).toMatch(/^Its loss leaves that of good\.csv at step \d+\.$/);
    expect(lines.slice(1).join(" ")).toMatch(/end of the common steps: 0\.[56].*, in the good run 0\.[23]/);
  });
});

describe("what a document says of how a run was read and checked", () => {
  it("lists every rule once, with the reason where it could not run", () => {
    const [full, bare] = diagnose([run(), makeLog({ loss: (i) => 1 / (i + 1) })]).runs;
    expect(full!.checks.skipped.map((s) => s.id)).not.toContain("zero-gradient");
    expect(bare!.checks.skipped).toContainEqual({
      id: "zero-gradient",
      reason: "the log has no gradient norm",
    });
    for (const { checks, findings } of [full!, bare!]) {
      const all = [...checks.ran, ...checks.skipped.map((s) => s.id)];
      expect(new Set(all).size).toBe(all.length);
      for (const f of findings) expect(checks.ran).toContain(f.id);
    }
    expect(full!.checks.ran.length).toBeGreaterThan(bare!.checks.ran.length);
  });
});
