import { describe, expect, it } from "vitest";
import { makeLog, noise } from "../../../test/diagnose/make-log.ts";
import type { RunLog } from "../../run/log.ts";
import { diagnoseRun } from "../index.ts";

const ids = (log: RunLog): string[] => diagnoseRun(log).findings.map((f) => f.id);

describe("gradients that are never zeroed", () => {
  // measured: a digits classifier trained with PyTorch 1.13, SGD at 0.001, without zero_grad (first eight norms)
  const measured = [0.16667, 0.27607, 0.37469, 0.43435, 0.5431, 0.65296, 0.79079, 0.93244];
  const e = noise(7);
  const loss = (i: number): number => 2.3 - i / 2000 + 0.005 * e();
  it("is found where the norm gains as much in every step", () => {
    const norm = (i: number): number => measured[i] ?? 0.93244 + 0.11 * (i - 7);
    const run = diagnoseRun(makeLog({ loss, gradNorm: norm, lr: () => 1e-3 }));
    expect(run.findings.map((f) => f.id)).toContain("gradients-not-zeroed");
    expect(run.verdicts).toEqual([]);
    expect(run.action.text).toContain("gradients not zeroed");
  });
  it("is not where the norm grows by factors, stays, or the loss falls with it", () => {
    for (const gradNorm of [(i: number) => 0.16 * 1.16 ** Math.min(i, 30), () => 0.2 + 0.02 * e()])
      expect(ids(makeLog({ loss, gradNorm }))).not.toContain("gradients-not-zeroed");
    const falling = makeLog({ loss: (i) => 2.3 * Math.exp(-i / 20), gradNorm: (i) => 0.2 + i / 10 });
    expect(ids(falling)).not.toContain("gradients-not-zeroed");
  });
  it("is not claimed from a log of every tenth step", () => {
    expect(ids(makeLog({ loss, gradNorm: (i) => 0.2 + i }, { stride: 10 }))).not.toContain(
      "gradients-not-zeroed",
    );
  });
});

describe("a loss that is summed over the batch", () => {
  const from = (first: number, validation?: number): RunLog =>
    makeLog({
      loss: (i) => first * (0.1 + 0.9 * Math.exp(-i / 60)),
      ...(validation !== undefined && { validation: () => validation }),
    });
  it("begins at batch × ln k", () => {
    const { findings, verdicts } = diagnoseRun(from(147.1486)); // 64 digits: measured with PyTorch 1.13
    expect(findings.find((f) => f.id === "summed-loss")?.evidence).toMatchObject({ batch: 64, classes: 10 });
    expect(verdicts).toEqual([]);
  });
  it("is taken from farther off where the validation loss begins at ln k", () => {
    expect(ids(from(152, 2.31))).toContain("summed-loss");
    expect(ids(from(152))).not.toContain("summed-loss");
  });
  it("a mean, and a large squared error, are none", () => {
    for (const first of [2.5, 6.9, 140, 4000]) expect(ids(from(first))).not.toContain("summed-loss");
  });
});

describe("a softmax before a loss that has its own", () => {
  // ln(e + 9) − 1: ten classes, all probability on the right one
  const floor = 1.46115;
  const loss = (lowest: number) => (i: number) => lowest + (Math.log(10) - lowest) * Math.exp(-i / 40);
  it("keeps the loss above ln(e + k − 1) − 1", () => {
    const { findings, verdicts } = diagnoseRun(makeLog({ loss: loss(floor + 0.003) }));
    expect(findings.find((f) => f.id === "softmax-twice")?.evidence).toMatchObject({ classes: 10 });
    expect(verdicts).toEqual([]);
  });
  it("is not claimed of a loss that goes below, rests above, or begins elsewhere", () => {
    for (const lowest of [1.4, 1.55])
      expect(ids(makeLog({ loss: loss(lowest) }))).not.toContain("softmax-twice");
    expect(ids(makeLog({ loss: (i) => loss(floor)(i) + 0.4 * Math.exp(-i / 40) }))).not.toContain(
      "softmax-twice",
    );
  });
});
