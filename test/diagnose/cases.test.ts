/** Small made runs, each standing for a kind (shared with the reading cases): what may be said of them, and what may not. */
import { fileURLToPath } from "node:url";
import { describe, expect, it, test } from "vitest";
import { diagnose, diagnoseRun, type RunDiagnosis } from "../../src/diagnose/index.ts";
import { readLogPaths } from "../../src/logs/node-files.ts";
import { makeLog } from "./make-log.ts";

const judge = async (file: string): Promise<RunDiagnosis> =>
  diagnose(await readLogPaths([fileURLToPath(new URL(`cases/${file}`, import.meta.url))])).runs[0]!;
const ids = (run: RunDiagnosis): string[] => run.findings.map((f) => f.id);

describe("a verdict by evidence", () => {
  it.each(["full-batch-too-high.csv", "full-batch-much-too-high.csv"])(
    "%s: a loss that left its start upwards for good is not excused by a period",
    async (file) => {
      const run = await judge(file);
      expect(run.verdict).toBe("too-high");
      expect(run.action.lr!.multiply).toBeLessThan(1);
    },
  );

  it.each([
    ["rate-zero.jsonl", "lr-zero"],
    ["loss-all-zero.log", "loss-zero"],
    ["rate-reset-on-resume.jsonl", "lr-reset"],
    ["four-recovered-spikes.jsonl", "recurrent-spikes"],
  ])("%s: no advice to raise the rate, and the finding %s", async (file, finding) => {
    const run = await judge(file);
    expect(run.verdict).toBe("inconclusive");
    expect(run.action.lr).toBeNull();
    expect(ids(run)).toContain(finding);
    expect(run.reason).not.toBe("");
  });

  it("names the step at which a schedule began again", async () => {
    const run = await judge("rate-reset-on-resume.jsonl");
    expect(run.findings.find((f) => f.id === "lr-reset")?.evidence["atStep"]).toBe(700);
  });

  it("says that one point before a NaN is too little", async () => {
    const run = await judge("nan-after-one-point.csv");
    expect(run.verdict).toBe("inconclusive");
    expect(run.reason).toMatch(/too little before it/);
    expect(ids(run)).toContain("non-finite");
    expect(ids(run)).not.toContain("numerical");
  });
});

// classes and regression by a network of three layers in PyTorch 1.13, each with one fault and none in the rate
describe("what but the rate holds the loss up", () => {
  it.each([
    ["weight-decay-30.csv", "rests-high"],
    ["dead-units.csv", "chance-level"],
    ["softmax-twice.csv", "softmax-twice"],
  ])("%s is no rate that is too low, but %s", async (file, finding) => {
    const run = await judge(file);
    expect(ids(run)).toContain(finding);
    expect(run.verdicts).not.toContain("too-low");
    expect(run.action.lr?.multiply ?? 1).toBe(1);
  });
  it("weight-decay-1.csv: a loss that does not fall visibly is not told to be raised", async () => {
    const run = await judge("weight-decay-1.csv");
    expect(run.verdicts).toEqual([]);
    expect(run.reason).toMatch(/no longer falls|less than its points scatter/);
  });
  it("points to the finding", async () => {
    expect((await judge("weight-decay-30.csv")).action.text).toMatch(/rests high/);
  });
});

describe("events", () => {
  it("takes single batches that are back at the next step for outliers, not for spikes", async () => {
    const run = await judge("batch-outliers.csv");
    expect(ids(run)).toContain("batch-outliers");
    expect(ids(run)).not.toContain("recurrent-spikes");
    expect(ids(run)).not.toContain("loss-spike");
  });

  it("calls a loss that fell from 4000 to 2 in its first points not stuck", async () => {
    expect(ids(await judge("fast-fall-then-flat.csv"))).not.toContain("plateau");
  });
});

describe("a NaN out of a noisy fall", () => {
  // 2·exp(−i/60) + 0.1·uniform: ends on a floor whose lowest points invite to see a rise
  const noisy = (seed: number, last: (i: number) => number): RunDiagnosis => {
    let state = seed * 7919 + 1;
    const uniform = (): number => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    return diagnoseRun(
      makeLog(
        { loss: (i) => (i < 300 ? 2 * Math.exp(-i / 60) + 0.1 * uniform() : last(i)) },
        { points: 320 },
      ),
    );
  };

  test.each(Array.from({ length: 12 }, (_, k) => k + 1))("seed %i: not the rate's", (seed) => {
    const run = noisy(seed, () => Number.NaN);
    expect(run.verdict).toBe("inconclusive");
    expect(run.findings.find((f) => f.id === "non-finite")?.evidence["kind"]).toBe("numerical");
  });

  test.each([1, 2, 3])("seed %i: a climb before the NaN still is", (seed) => {
    const run = noisy(seed, (i) => (i < 310 ? 0.1 * 1.6 ** (i - 299) : Number.NaN));
    expect(run.verdict).toBe("too-high");
  });
});
