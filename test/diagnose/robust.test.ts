/** Whatever a log holds, diagnosis answers; and a watch tells each alert once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWatch, diagnose, diagnoseRun } from "../../src/diagnose/index.ts";
import type { RunLog } from "../../src/run/log.ts";
import { at, makeLog, noise } from "./make-log.ts";

describe("degenerate input", () => {
  it.each<[string, RunLog]>([
    ["no series", makeLog({})],
    ["no points", makeLog({ loss: [] })],
    ["one point", makeLog({ loss: [2.3] })],
    ["two points", makeLog({ loss: [2.3, 2.2] })],
    ["one NaN", makeLog({ loss: [Number.NaN] })],
    ["all NaN", makeLog({ loss: () => Number.NaN, gradNorm: () => Number.NaN })],
    ["all infinite", makeLog({ loss: () => Number.POSITIVE_INFINITY })],
    ["constant", makeLog({ loss: () => 1 })],
    ["all zero", makeLog({ loss: () => 0 })],
    ["no lr at all but zeros", makeLog({ loss: (i) => 1 / (i + 1), lr: () => 0 })],
  ])("%s: inconclusive or a verdict, never an exception", (_, log) => {
    const run = diagnoseRun(log);
    expect(run.confidence).toBeGreaterThanOrEqual(0);
    expect(run.confidence).toBeLessThanOrEqual(1);
    if (run.points < 10) expect(run.verdict).toBe("inconclusive");
  });

  it.each([1e25, 1e-11, 1e300, 1e-300])("judges a loss of size %f as it judges one of size 1", (scale) => {
    const e = noise();
    const shape = Float64Array.from({ length: 400 }, (_, i) => 0.3 + 2 * Math.exp(-i / 50) + 0.02 * e());
    const [one, scaled] = [1, scale].map((k) => diagnoseRun(makeLog({ loss: (i) => shape[i]! * k })));
    expect(scaled!.verdict).toBe(one!.verdict);
    expect(scaled!.findings.map((f) => f.id)).toEqual(one!.findings.map((f) => f.id));
  });

  it("takes negative losses", () => {
    const e = noise();
    const run = diagnoseRun(makeLog({ loss: (i) => -40 + 60 * Math.exp(-i / 50) + 0.3 * e() }));
    expect(run.verdicts.length).toBeGreaterThan(0);
    for (const verdict of run.verdicts) expect(["good", "too-low"]).toContain(verdict);
    expect(run.findings.filter((f) => f.severity === "critical")).toEqual([]);
  });

  it("answers any numbers with a document that JSON can hold", () => {
    const value = fc.oneof(
      fc.double(),
      fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 1.7e308),
    );
    const column = fc.array(value, { maxLength: 120 });
    fc.assert(
      fc.property(column, column, column, column, (loss, gradNorm, lr, validation) => {
        const log = makeLog({
          loss,
          gradNorm,
          lr,
          validation,
          epoch: lr,
          lossScale: gradNorm,
          nanCount: lr,
          clippedShare: lr,
        });
        const { runs } = diagnose([log]);
        expect(JSON.parse(JSON.stringify(runs[0])).verdict).toBe(runs[0]!.verdict);
        expect(Number.isNaN(runs[0]!.confidence)).toBe(false);
        for (const f of runs[0]!.findings) {
          expect(f.advice.length).toBeGreaterThan(20);
          expect(f.decide.length).toBeGreaterThan(5);
          expect(f.steps.every(Number.isFinite)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("a watch", () => {
  const e = noise();
  const loss = Array.from({ length: 300 }, (_, i) =>
    i > 260
      ? Number.NaN
      : i > 250
        ? 2 ** (i - 250)
        : 0.3 + 2 * Math.exp(-i / 40) + 0.02 * e() + (i === 150 ? 3 : 0),
  );
  const upTo = (n: number): RunLog => ({
    ...makeLog({}),
    series: [
      at(
        "loss",
        loss.slice(0, n).map((_, i) => i),
        loss.slice(0, n),
      ),
    ],
  });

  it("tells a spike and the first NaN when they come, and once", () => {
    const watch = createWatch();
    const told: [number, string][] = [];
    for (let n = 1; n <= loss.length; n++) for (const f of watch.update(upTo(n))) told.push([n, f.id]);
    const count = (id: string): number[] => told.filter(([, i]) => i === id).map(([n]) => n);
    expect(count("loss-spike")[0]).toBe(151);
    expect(count("loss-spike").filter((n) => n < 240)).toHaveLength(1);
    expect(count("non-finite")).toEqual([262]);
  });

  it("tells one event once, however many rules see it", () => {
    const nan = makeLog({ loss: (i) => (i < 200 ? 2 * Math.exp(-i / 50) + 0.1 : Number.NaN) });
    expect(diagnoseRun(nan).findings.map((f) => f.id)).toEqual(["non-finite", "numerical"]);
    expect(
      createWatch()
        .update(nan)
        .map((f) => f.id),
    ).toEqual(["non-finite"]);
    const hidden = makeLog({
      loss: (i) => (i < 200 ? 2 * Math.exp(-i / 50) + 0.1 : 0),
      gradNorm: (i) => (i < 200 ? 1 : Number.NaN),
    });
    expect(
      createWatch()
        .update(hidden)
        .map((f) => f.id),
    ).toEqual(["hidden-nan"]);
  });

  it("says nothing of a healthy run", () => {
    const watch = createWatch();
    for (let n = 10; n <= 140; n += 10) expect(watch.update(upTo(n))).toEqual([]);
  });
});
