/** Verdicts that are sets, runs judged together, and curves that say nothing of the rate. */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelledRuns } from "../../scripts/labelled-runs.ts";
import { experiment } from "../../src/diagnose/action.ts";
import { diagnose, diagnoseRun, type RunDiagnosis } from "../../src/diagnose/index.ts";
import { opponents } from "../../src/diagnose/reconcile.ts";
import { verdictSet } from "../../src/diagnose/verdict-set.ts";
import { headlineOf } from "../../src/diagnose/words.ts";
import { readLogPaths } from "../../src/logs/node-files.ts";
import type { Objective } from "../../src/run/log.ts";
import { makeLog, noise } from "./make-log.ts";

describe("a set of verdicts", () => {
  it("is one word when it is sure enough, and else the likeliest that together are", () => {
    expect(verdictSet([0.05, 0.9, 0.03, 0.02])).toEqual({ verdicts: ["good"], confidence: 0.9 });
    expect(verdictSet([0.4, 0.55, 0.03, 0.02])).toEqual({ verdicts: ["good", "too-low"], confidence: 0.885 });
    expect(verdictSet([0.25, 0.25, 0.25, 0.25]).verdicts).toHaveLength(3);
  });

  it("of seven to nine points is given where it is sure enough, and of six never", () => {
    const steady = (points: number) =>
      diagnoseRun(makeLog({ loss: (i) => 2.3 - 0.05 * i }, { points, stepUnit: "epoch" }));
    expect(steady(7).verdicts).toEqual(["too-low", "good"]);
    expect(steady(7).confidence).toBeGreaterThan(0.75);
    expect(steady(6).reason).toMatch(/^6 points of loss: too few/);
    const fast = diagnoseRun(
      makeLog({ loss: (i) => 0.2 + 2 * Math.exp(-1.5 * i) }, { points: 8, stepUnit: "epoch" }),
    );
    expect([fast.verdicts, fast.reason]).toEqual([
      [],
      "8 points of loss: too few to tell what the rate does.",
    ]);
  });

  it("verdict, set, action, findings and headline agree on any curve", () => {
    const curve = fc.record({
      start: fc.double({ min: 0.1, max: 100, noNaN: true }),
      floor: fc.double({ min: 0, max: 2, noNaN: true }),
      tau: fc.double({ min: 2, max: 2000, noNaN: true }),
      rough: fc.double({ min: 0, max: 1, noNaN: true }),
      drift: fc.double({ min: -0.01, max: 0.02, noNaN: true }),
      turn: fc.double({ min: 0, max: 0.05, noNaN: true }),
      points: fc.integer({ min: 5, max: 300 }),
      seed: fc.integer({ min: 1, max: 1e6 }),
    });
    fc.assert(
      fc.property(curve, ({ start, floor, tau, rough, drift, turn, points, seed }) => {
        const e = noise(seed);
        const level = (i: number): number => floor + start * Math.exp(-i / tau) * (1 + drift * i);
        const run = diagnoseRun(
          makeLog(
            {
              loss: (i) => level(i) * Math.exp(rough * e()),
              validation: (i) => level(i) * (1 + turn * i),
              lr: () => 0.01,
            },
            { points },
          ),
        );
        agrees(run, "");
      }),
      { numRuns: 150, seed: 1 },
    );
  });
});

/** What must hold of any diagnosis; `of` names the run where it does not. */
function agrees(run: RunDiagnosis, of: string): void {
  const { verdict, verdicts, confidence, action, findings } = run;
  expect(verdict, of).toBe(verdicts.length === 1 ? verdicts[0] : "inconclusive");
  expect(action.lr === null, of).toBe(verdicts.length !== 1);
  expect(confidence > 0, of).toBe(verdicts.length > 0);
  // "good or too low" may stand beside a finding against a higher rate: both keep it, and the action says so
  const kept = verdicts.length === 2 && verdicts.includes("good") && action.text.startsWith("Do not raise");
  for (const v of verdicts)
    expect(
      opponents(v, findings).filter((f) => !(kept && v === "too-low" && f.direction === "not-higher")),
      of,
    ).toEqual([]);
  const multiply = action.lr?.multiply ?? 1;
  if (findings.some((f) => f.direction === "lower" || f.direction === "not-higher")) {
    expect(multiply, of).toBeLessThanOrEqual(1);
    expect(action.text, of).not.toMatch(/twice the rate|Increase/);
  }
  if (findings.some((f) => f.direction === "raise")) expect(multiply, of).toBeGreaterThanOrEqual(1);
  const head = headlineOf(run);
  if (head.symbol === "✓") expect(verdict, of).toBe("good");
  const critical = findings.some((f) => f.severity === "critical");
  if (critical) expect(head.tone, of).toBe("critical");
  if (critical && verdicts.length === 0) expect(action.text, of).not.toMatch(/No change/);
}

describe("verdict, findings and action never contradict", () => {
  it("on the labelled runs and the made cases", async () => {
    for (const { log, file } of await labelledRuns()) agrees(diagnoseRun(log), file);
    const cases = fileURLToPath(new URL("cases/", import.meta.url));
    for (const log of await readLogPaths([cases])) agrees(diagnoseRun(log), log.source);
  });

  const spoil = fc.constantFrom<(y: number, i: number, n: number) => number>(
    (y) => y,
    (y, i, n) => (i > 0.7 * n ? Number.NaN : y),
    (y, i, n) => (i > n / 2 ? y + 0.5 : y),
    (y, i, n) => y * (i > 0.8 * n ? 1.1 ** (i - 0.8 * n) : 1),
    (_, i) => Math.log(10) + 0.01 * Math.sin(7 * i),
    () => 0,
    (y, i) => (i % 40 === 39 ? 4 * y : y),
  );
  const schedule = fc.constantFrom<(t: number) => number>(
    () => 1,
    (t) => t,
    (t) => 1 - t,
    () => 0,
    (t) => (t < 0.1 ? 10 * t : 0.5 * (1 + Math.cos(Math.PI * t))),
    (t) => (t * 3) % 1,
  );
  it("on curves that are spoilt in known ways, under any schedule, with gradient norms and validation", () => {
    const curve = fc.record({
      tau: fc.double({ min: 5, max: 500, noNaN: true }),
      floor: fc.double({ min: 0, max: 2, noNaN: true }),
      rough: fc.double({ min: 0, max: 0.5, noNaN: true }),
      points: fc.integer({ min: 5, max: 400 }),
      spoil,
      schedule,
      norm: fc.constantFrom(0, 1, 1e-9),
      validation: fc.constantFrom(0, 0.01, -0.001),
      seed: fc.integer({ min: 1, max: 1e6 }),
    });
    fc.assert(
      fc.property(curve, ({ tau, floor, rough, points, seed, ...c }) => {
        const e = noise(seed);
        const level = (i: number): number => floor + 2 * Math.exp(-i / tau);
        const log = makeLog(
          {
            loss: (i) => c.spoil(level(i) * Math.exp(rough * e()), i, points),
            lr: (i) => 0.01 * c.schedule(i / points),
            gradNorm: (i) => c.norm * (1 + 0.2 * e()) * level(i),
            validation: (i) => level(i) * (1 + c.validation * i),
          },
          { points },
        );
        agrees(diagnoseRun(log), "");
      }),
      { numRuns: 200, seed: 2 },
    );
  });
});

describe("curves that say nothing of the rate", () => {
  it.each<[string, (e: () => number) => number]>([
    ["a heavy tail", (e) => 0.03 * Math.exp(0.9 * (e() + e() + e()))],
    ["exponential losses", (e) => -0.03 * Math.log((e() + 1) / 2 + 1e-6)],
  ])("fine-tuning that rests at a small loss from the start is hardly called too high: %s", (_, loss) => {
    // a first batch as easy or as hard as hardly another one may be taken for a jump: not every seed can be right
    const high = Array.from({ length: 12 }, (_, k) => {
      const e = noise(101 * (k + 1));
      e();
      return diagnoseRun(makeLog({ loss: () => loss(e) }, { points: 200 })).verdict;
    }).filter((verdict) => /high/.test(verdict));
    expect(high.length).toBeLessThanOrEqual(3);
  });

  const rising = { ...makeLog({ loss: (i) => 1 + i / 50, lr: () => 0.1 }) };
  it.each<Objective>(["reinforcement", "adversarial", "part", "boosting", "score"])("%s", (objective) => {
    const run = diagnoseRun({ ...rising, objective });
    expect(run).toMatchObject({ verdict: "inconclusive", verdicts: [], action: { lr: null } });
    expect(run.reason.length).toBeGreaterThan(40);
  });
  it("a rise that a supervised loss is blamed for is no fault of a player's or a policy's loss", () => {
    const ids = (objective: Objective): string[] =>
      diagnoseRun({ ...rising, objective }).findings.map((f) => f.id);
    expect(ids("loss")).toContain("divergence");
    expect(ids("adversarial")).toEqual([]);
    expect(ids("reinforcement")).toEqual([]);
  });
  it("a NaN is told whatever the loss is", () => {
    const log = makeLog({ loss: (i) => (i < 300 ? 1 + Math.sin(i) / 9 : Number.NaN) });
    const run = diagnoseRun({ ...log, objective: "adversarial" });
    expect(run.findings.map((f) => f.id)).toContain("non-finite");
    expect(run.action.text).toMatch(/^See to the finding "non-finite" first/);
  });
  it("a set that begins with good says that nothing has to change", () => {
    expect(experiment(["good", "too-low"]).text).toMatch(/^Nothing has to change now\. To be sure, run it/);
    expect(experiment(["too-low", "good"]).text).toMatch(/^Run it once more at twice/);
  });
  it("a supervised loss of the same course is judged", () => {
    expect(diagnoseRun({ ...rising, objective: "loss" }).verdicts).not.toEqual([]);
  });
  it("validation alone is judged by itself", () => {
    const log = makeLog({ validation: (i) => 0.02 + 2.3 * Math.exp(-i / 30) });
    const run = diagnoseRun({ ...log, objective: "validation-only" });
    expect(run.points).toBe(400);
    expect(run.verdicts).toContain("good");
  });
});

describe("nothing is learnt, or not yet", () => {
  const e = noise(3);
  it("a loss that stays at ln 10 is that of guessing among ten classes", () => {
    const run = diagnoseRun(makeLog({ loss: () => Math.log(10) + 0.01 * e() }));
    expect(run.findings.map((f) => f.id)).toContain("chance-level");
    expect(run.verdicts).toEqual([]);
  });
  it("a flat loss at another level is not, nor one that passes ln 10", () => {
    for (const loss of [() => 2.45 + 0.01 * e(), (i: number) => 1 + 2 * Math.exp(-i / 80) + 0.01 * e()])
      expect(diagnoseRun(makeLog({ loss })).findings.map((f) => f.id)).not.toContain("chance-level");
  });
  it("a rate that still rises at the end is no rate to judge; a constant and a decayed one are", () => {
    const loss = (i: number): number => 2 - i / 400 + 0.01 * e();
    const found = (lr: (i: number) => number): string[] =>
      diagnoseRun(makeLog({ loss, lr })).findings.map((f) => f.id);
    expect(found((i) => 1e-5 * (i + 1))).toContain("warmup-unfinished");
    expect(found(() => 1e-3)).not.toContain("warmup-unfinished");
    expect(found((i) => Math.min(1e-5 * (i + 1), 5e-4))).not.toContain("warmup-unfinished");
  });
});

describe("a change that cannot be seen", () => {
  const scattered = (fall: number) => {
    const e = noise(11);
    return diagnoseRun(
      makeLog({ loss: (i) => 1.2 - fall * (i / 39) + 0.4 * e() }, { points: 40, stride: 10 }),
    );
  };
  it("a fall within the scatter of the points gets no verdict, and the reason", () => {
    const run = scattered(0.1);
    expect(run.verdicts).toEqual([]);
    expect(run.reason).toMatch(/less than its points scatter/);
  });
  it("a fall beyond it is judged", () => {
    expect(scattered(0.9).verdicts).not.toEqual([]);
  });
  it("a loss that has not left its start is not told to raise the rate: dead networks look the same", () => {
    const e = noise(5);
    const run = diagnoseRun(makeLog({ loss: () => 2.45 + 0.01 * e(), lr: () => 0.2 }));
    expect(run.verdicts).toEqual([]);
    expect(run.reason).toMatch(/has not left its starting level/);
  });
});

describe("runs together", () => {
  it("reads the rate from the name when the log has none", () => {
    const run = (lr: string, end: number, seed: number) => {
      const e = noise(seed);
      const log = makeLog({ loss: (i) => end + (9 - end) * Math.exp(-i / 40) + 0.01 * e() });
      return { ...log, source: `sweep/lr=${lr}/log.csv` };
    };
    const { runs } = diagnose([run("1e-3", 2.5, 1), run("3e-3", 1.32, 2), run("1e-2", 2.1, 3)]);
    expect(runs.map((r) => r.verdict)).toEqual(["too-low", "good", "slightly-high"]);
    expect(runs[0]!.reason).toContain("read from the name");
  });
  it("a run ten times worse than a sibling at the same rate is not told to raise it", () => {
    const run = (end: number, lr: number) =>
      makeLog({ loss: (i) => 2 - (2 - end) * (i / 399), lr: () => lr });
    const { runs } = diagnose([run(1.5, 1e-3), run(0.01, 1e-3)]);
    expect(runs[0]!.verdicts).not.toContain("too-low");
    expect(runs[0]!.action.lr).toBeNull();
  });
});
