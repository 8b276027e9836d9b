/** Faults that look like rates: each with a run that has it and one that nearly has. */
import { fileURLToPath } from "node:url";
import { describe, expect, it, test } from "vitest";
import { diagnose, diagnoseRun, type RunDiagnosis } from "../../src/diagnose/index.ts";
import { groupFindings } from "../../src/diagnose/words.ts";
import { readLogPaths } from "../../src/logs/node-files.ts";
import type { RunLog } from "../../src/run/log.ts";
import { at, makeLog, noise } from "./make-log.ts";

const ids = (log: RunLog): string[] => diagnoseRun(log).findings.map((f) => f.id);
const told = (run: RunDiagnosis): string[] => groupFindings(run.findings).map((g) => g.id);

/** Mean square of `size` standard normal numbers, by Box and Muller: a batch's error where the mean is answered. */
function batchError(seed: number, size = 64): () => number {
  const e = noise(seed);
  const uniform = (): number => Math.min(1 - 1e-9, Math.max(1e-9, (e() + 1) / 2));
  return () => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += -2 * Math.log(uniform()) * Math.cos(2 * Math.PI * uniform()) ** 2;
    return sum / size;
  };
}

describe("a loss that stays at the target's variance", () => {
  it("is that of a network that answers with the mean, and no verdict on the rate", () => {
    const e = batchError(7);
    const run = diagnoseRun(makeLog({ loss: () => e() }));
    expect(told(run)).toEqual(["target-variance"]);
    expect(run.verdicts).toEqual([]);
  });
  it("half of it too", () => {
    const e = batchError(8);
    expect(ids(makeLog({ loss: () => e() / 2 }))).toContain("target-variance");
  });
  it.each<[string, (error: number, i: number) => number]>([
    ["a flat loss at 1.2", (v) => 1.2 * v],
    ["a loss that passes 1 on its way down", (v, i) => 0.4 + 1.2 * Math.exp(-i / 60) + 0.1 * v],
    ["a noise floor at 0.8 reached from 1", (v, i) => (i < 40 ? 1 : 0.8) * v],
  ])("not so %s", (_, loss) => {
    const e = batchError(9);
    expect(ids(makeLog({ loss: (i) => loss(e(), i) }))).not.toContain("target-variance");
  });
  it("a cross entropy that is 1 is something else", () => {
    const e = batchError(7);
    const log = makeLog({ loss: () => e() });
    const named = { ...log, series: log.series.map((s) => ({ ...s, name: "train/cross_entropy" })) };
    expect(ids(named)).not.toContain("target-variance");
  });
});

describe("a loss that rests high", () => {
  const e = noise(3);
  const rests = (share: number, tau: number) => (i: number) =>
    3 * (share + (1 - share) * Math.exp(-i / tau)) + 0.01 * e();
  it("is named with its share of the first, as a warning where it has hardly left it", () => {
    const [found] = diagnoseRun(makeLog({ loss: rests(0.93, 20) })).findings.filter(
      (f) => f.id === "rests-high",
    );
    expect(found).toMatchObject({ severity: "warning", evidence: { share: 0.93 } });
    expect(
      diagnoseRun(makeLog({ loss: rests(0.7, 20) })).findings.find((f) => f.id === "rests-high")?.severity,
    ).toBe("info");
  });
  it.each<[string, RunLog]>([
    ["a loss that comes down", makeLog({ loss: rests(0.1, 20) })],
    ["a loss on its way", makeLog({ loss: rests(0.6, 300) })],
    [
      "a fall by the logarithm of the steps",
      makeLog({ loss: (i) => 6 - 0.25 * Math.log(1 + i) + 0.01 * e() }),
    ],
    ["a rate that decays", makeLog({ loss: rests(0.9, 20), lr: (i) => 0.1 * 0.98 ** i })],
  ])("not so %s", (_, log) => {
    expect(ids(log)).not.toContain("rests-high");
  });
});

describe("a loss without a floor", () => {
  it("gets no verdict, and a log-likelihood below zero does", () => {
    const falling = diagnoseRun(makeLog({ loss: (i) => 1.5 - 0.002 * i ** 3 }));
    expect(falling).toMatchObject({ verdict: "inconclusive", verdicts: [] });
    expect(falling.reason).toMatch(/without a floor/);
    const e = noise(5);
    const likelihood = diagnoseRun(makeLog({ loss: (i) => 1.5 - 3 * (1 - Math.exp(-i / 40)) + 0.02 * e() }));
    expect(likelihood.reason).not.toMatch(/without a floor/);
  });
});

it("a best validation loss of infinity, before there was any, is no finding", () => {
  const before = makeLog({ validation: [Number.POSITIVE_INFINITY] });
  expect(ids({ ...before, objective: "validation-only" })).toEqual([]);
});

it("steps skipped since the start are counted where their number rises", () => {
  const e = noise(6);
  const log = makeLog({
    loss: (i) => 3 + 2 * Math.exp(-i / 80) + 0.1 * e(),
    skipped: (i) => Math.min(2, i),
  });
  expect(ids(log)).not.toContain("nan-iterations");
});

describe("no gradient", () => {
  const e = noise(4);
  const still = (): number => 2.3 + 0.01 * e();
  it("a norm of 0 at every step beside a loss that is not 0", () => {
    const run = diagnoseRun(makeLog({ loss: still, gradNorm: () => 0 }));
    expect(told(run)[0]).toBe("zero-gradient");
    expect(run).toMatchObject({ verdict: "inconclusive", verdicts: [], action: { lr: null } });
    expect(run.action.text).toMatch(/zero gradient/);
  });
  it("a network that died on its way is told with the step", () => {
    const log = makeLog({
      loss: (i) => 2.3 - Math.min(i, 150) / 150 + 0.01 * e(),
      gradNorm: (i) => (i < 150 ? 1 : 0),
    });
    expect(diagnoseRun(log).findings.find((f) => f.id === "zero-gradient")?.steps).toEqual([150, 399]);
  });
  it.each<[string, RunLog]>([
    [
      "a loss that has come to 0",
      makeLog({ loss: (i) => Math.max(0, 2 - i / 50), gradNorm: (i) => (i < 100 ? 1 : 0) }),
    ],
    ["a small gradient", makeLog({ loss: still, gradNorm: () => 1e-6 })],
    ["a norm that was not measured", makeLog({ loss: still, gradNorm: (i) => (i < 5 ? 0 : Number.NaN) })],
  ])("not so %s", (_, log) => {
    expect(ids(log)).not.toContain("zero-gradient");
  });
});

describe("validation that goes its own way", () => {
  const loss = (i: number): number => 0.05 + 2.3 * Math.exp(-i / 60);
  const evaluated = (value: (k: number) => number): RunLog => {
    const steps = Array.from({ length: 20 }, (_, k) => 20 * k + 19);
    return makeLog(
      { loss },
      {
        more: [
          at(
            "validation",
            steps,
            steps.map((_, k) => value(k)),
          ),
        ],
      },
    );
  };
  it.each<[string, string, (k: number) => number]>([
    ["rises from the start", "from-the-start", (k) => 2.4 + k / 4],
    ["never gets below the untrained model's", "never-learnt", (k) => 2.3 + 0.01 * (k % 3)],
    ["leaps and stays", "leap", (k) => (k < 10 ? 0.3 + 2 * Math.exp(-k / 3) : 1.8)],
    ["is no longer finite", "not-finite", (k) => (k < 12 ? 1 : Number.NaN)],
  ])("%s", (_, kind, value) => {
    const run = diagnoseRun(evaluated(value));
    const found = run.findings.find((f) => f.id === "validation-divergence");
    expect(found?.evidence["kind"]).toBe(kind);
    expect(found?.severity).toBe("critical");
    expect(run.verdicts).toEqual([]);
  });
  it.each<[string, (k: number) => number]>([
    ["overfitting: down and slowly up again", (k) => 2.3 * Math.exp(-k / 2) + 0.3 + 0.08 * k],
    ["overfitting whose best evaluation was the first", (k) => 0.7 + 0.1 * k],
    ["a healthy one", (k) => 0.2 + 2 * Math.exp(-k / 3)],
    ["a single bad evaluation", (k) => (k === 10 ? 3 : 0.2 + 2 * Math.exp(-k / 3))],
    ["one that stands still on another scale", (k) => 23 + 0.01 * (k % 3)],
    ["one that comes late", (k) => (k < 12 ? 2.3 : 1.9)],
  ])("not so %s", (_, value) => {
    expect(ids(evaluated(value))).not.toContain("validation-divergence");
  });
  it("a training loss that breaks as well is another matter", () => {
    const steps = Array.from({ length: 10 }, (_, k) => 40 * k + 39);
    const log = makeLog(
      { loss: (i) => (i < 200 ? loss(i) : Number.NaN) },
      {
        more: [
          at(
            "validation",
            steps,
            steps.map((s) => (s < 200 ? 1 : Number.NaN)),
          ),
        ],
      },
    );
    expect(ids(log)).not.toContain("validation-divergence");
  });
});

describe("a resume without the optimizer's state", () => {
  const judge = async (file: string): Promise<RunDiagnosis> =>
    diagnose(await readLogPaths([fileURLToPath(new URL(`cases/${file}`, import.meta.url))])).runs[0]!;
  // both files: a network of three layers and Adam at 0.01 in PyTorch; in the first one Adam is made anew at step 600
  it("jumps at the checkpoint and comes back slowly", async () => {
    const run = await judge("optimizer-state-lost.csv");
    const found = run.findings.find((f) => f.id === "optimizer-state-lost");
    expect(found?.evidence["atStep"]).toBe(601);
    expect(told(run)).not.toContain("loss-spike");
  });
  it("with it, it does not", async () => {
    expect((await judge("optimizer-state-kept.csv")).findings.map((f) => f.id)).not.toContain(
      "optimizer-state-lost",
    );
  });

  const e = noise(6);
  const jump = (place: number, back: number) => (i: number) =>
    (0.3 + 1.8 * Math.exp(-i / 40)) * (1 + 0.02 * e()) +
    (i < place ? 0 : 0.3 * Math.exp(-(i - place) / back));
  test("at a step that is no checkpoint's it may be any instability", () => {
    expect(ids(makeLog({ loss: jump(250, 12) }))).toContain("optimizer-state-lost");
    expect(ids(makeLog({ loss: jump(237, 12) }))).not.toContain("optimizer-state-lost");
  });
  test("unless the steps show the resume", () => {
    const log = makeLog({ loss: jump(237, 12) });
    const steps = log.series[0]!.steps.map((s) => (s < 237 ? s : s + 500));
    const gap = { ...log, series: [{ ...log.series[0]!, steps }] };
    const found = diagnoseRun(gap).findings.find((f) => f.id === "optimizer-state-lost");
    expect(found?.evidence["resumedThere"]).toBe(true);
  });
  test("a spike that is back at once is none, and a change of the rate explains a jump", () => {
    expect(ids(makeLog({ loss: jump(250, 1) }))).not.toContain("optimizer-state-lost");
    const raised = makeLog({ loss: jump(250, 12), lr: (i) => (i < 250 ? 0.01 : 0.1) });
    expect(ids(raised)).not.toContain("optimizer-state-lost");
  });
});

describe("a rate that still warms up", () => {
  it("has no verdict, not even a good one", () => {
    const e = noise(2);
    const log = makeLog({
      loss: (i) => 0.02 + 2.3 * Math.exp(-i / 30) + 0.002 * e(),
      lr: (i) => 1e-5 * (i + 1),
    });
    const run = diagnoseRun(log);
    expect(ids(log)).toContain("warmup-unfinished");
    expect(run.verdicts).toEqual([]);
    expect(run.reason).toMatch(/warmup unfinished/);
  });
});

describe("a rate that jumps back", () => {
  const decayed = (i: number): number =>
    0.01 * 0.5 * (1 + Math.cos((Math.PI * (i < 200 ? i : i - 200)) / 400));
  const run = (rise: number): RunLog => {
    const e = noise();
    return makeLog({
      loss: (i) => (Math.exp(-i / 60) + 0.02 + (i > 215 ? rise : 0)) * Math.exp(0.3 * e()),
      lr: decayed,
    });
  };
  it("is named where it had decayed by half only and the loss rises within the next steps", () => {
    const found = diagnoseRun(run(0.4)).findings.find((f) => f.id === "lr-reset");
    expect(found?.evidence["atStep"]).toBe(200);
  });
  it("is none where the loss does not mind", () => {
    expect(ids(run(0))).not.toContain("lr-reset");
  });
});

describe("a loss that is summed", () => {
  it("is known by its ratio to the validation loss where one batch begins beside the expected value", () => {
    const per = (i: number): number => 0.4 + 1.9 * Math.exp(-i / 60);
    const steps = [99, 199, 299, 399];
    const validation = at(
      "validation",
      steps,
      steps.map((s) => per(s) * 1.05),
    );
    const log = makeLog({ loss: (i) => (i === 0 ? 146.2 : 64 * per(i)) }, { more: [validation] });
    const found = diagnoseRun(log).findings.find((f) => f.id === "summed-loss");
    expect(found?.evidence).toMatchObject({ batch: 64, classes: 10 });
  });
});

it("gradients that are never zeroed come before the divergence that they cause", () => {
  const log = makeLog({
    loss: (i) => (i < 20 ? 2.3 : 2.3 * 1.02 ** (i - 20)),
    gradNorm: (i) => 0.4 + 0.25 * i,
  });
  const run = diagnoseRun(log);
  expect(groupFindings(run.findings)[0]?.id).toBe("gradients-not-zeroed");
  expect(run.action.text).toContain("gradients not zeroed");
});
