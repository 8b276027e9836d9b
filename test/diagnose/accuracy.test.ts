/**
 * How often the diagnosis is right on the labelled runs (test/runs/README.md). The labels are counterfactuals
 * measured by training at the other rates; the model was fitted on other tasks.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { type Judged, judgeAll, judgeBaseline, score } from "../../scripts/accuracy.ts";
import { BASELINES } from "../../scripts/baselines.ts";
import { LABELS, type Label, type LabelledRun, labelledRuns } from "../../scripts/labelled-runs.ts";
import { diagnoseRun } from "../../src/diagnose/index.ts";

let runs: LabelledRun[];
let judged: Judged[];
beforeAll(async () => {
  runs = await labelledRuns();
  judged = judgeAll(runs);
});

describe("on 110 labelled runs", () => {
  it("is right in at least 88 %, with a macro recall of at least 0.75", () => {
    const s = score(judged);
    expect(s.runs).toBe(110);
    expect(s.accuracy).toBeGreaterThanOrEqual(0.88);
    expect(s.macroRecall).toBeGreaterThanOrEqual(0.75);
  });

  it("is right in at least 95 % of the runs that get one word, and most do", () => {
    const s = score(judged);
    expect(s.sureAccuracy).toBeGreaterThanOrEqual(0.95);
    expect(s.sure).toBeGreaterThan(60);
  });

  it("sends no run with one word in the wrong direction, and changes no good one", () => {
    const side = (name: string): number => Math.sign(LABELS.indexOf(name as Label) - LABELS.indexOf("good"));
    const wrong = judged.filter((j) => j.verdicts.length === 1 && side(j.verdicts[0]!) !== side(j.label));
    expect(wrong).toEqual([]);
  });

  it("is better than the shipped rules at their best", () => {
    for (const baseline of BASELINES)
      expect(score(judged).accuracy).toBeGreaterThan(score(judgeBaseline(runs, baseline)).accuracy + 0.2);
  });

  it("does not depend on the size of a learning rate, of the loss, or on the file's name", () => {
    for (const { log } of runs.filter((_, i) => i % 5 === 0)) {
      const scaled = {
        ...log,
        source: "other",
        series: log.series.map((s) => ({
          ...s,
          values:
            s.role === "lr"
              ? s.values.map((v) => v * 1e-4)
              : s.role === "loss" || s.role === "gradNorm"
                ? s.values.map((v) => v * 1024)
                : s.values,
        })),
      };
      const [a, b] = [diagnoseRun(log), diagnoseRun(scaled)];
      expect([b.verdict, b.confidence]).toEqual([a.verdict, a.confidence]);
    }
  });

  it("raises no fault that is not the rate's on a run whose rate is the only fault", () => {
    const excuses = new Set([
      "numerical",
      "hidden-nan",
      "epoch-staircase",
      "objective-change",
      "data-order",
      "logging-artefact",
    ]);
    const found = runs.flatMap((r) =>
      diagnoseRun(r.log)
        .findings.filter((f) => excuses.has(f.id))
        .map((f) => `${r.file} ${f.id}`),
    );
    expect(found).toEqual([]);
  });

  it("finds a leap in the first steps that never comes back in runs that were too high, and in no other", () => {
    const labels = (returned: boolean): string[] =>
      runs
        .filter(({ log }) =>
          diagnoseRun(log).findings.some((f) => f.id === "early-jump" && f.evidence["returned"] === returned),
        )
        .map((r) => r.label);
    expect(labels(false)).toEqual(Array.from({ length: 6 }, () => "too-high"));
    expect(labels(true).filter((l) => l === "good")).toHaveLength(6);
  });

  it("gives each verdict the factor of its row", () => {
    for (const { log } of runs) {
      const { verdict, verdicts, action } = diagnoseRun(log);
      if (verdicts.length !== 1) expect([verdict, action.lr]).toEqual(["inconclusive", null]);
      const factor = action.lr?.multiply ?? Number.NaN;
      if (verdict === "too-high") expect(factor).toBeLessThan(0.5);
      if (verdict === "slightly-high") expect(1 / factor).toBeCloseTo(2.5, 9);
      if (verdict === "good") expect(factor).toBe(1);
      if (verdict === "too-low") expect(factor).toBeGreaterThanOrEqual(3);
    }
    expect(new Set(judged.flatMap((j) => j.verdicts))).toEqual(new Set(LABELS));
  });
});
