/** The traps that real logs hold (a NaN that hides, a plateau that is no verdict, a saw that is the data's order …). */
import { describe, expect, it } from "vitest";
import { diagnose, diagnoseRun } from "../../src/diagnose/index.ts";
import type { RunLog, Series } from "../../src/run/log.ts";
import { at, makeLog, noise } from "./make-log.ts";

const ids = (log: RunLog): string[] => diagnoseRun(log).findings.map((f) => f.id);
const find = (log: RunLog, id: string) => {
  const found = diagnoseRun(log).findings.filter((f) => f.id === id);
  expect(found.length, `findings ${ids(log).join(" ")}`).toBeGreaterThan(0);
  return found[0]!;
};
const blames = (log: RunLog): boolean =>
  ["too-high", "slightly-high", "too-low"].includes(diagnoseRun(log).verdict);
const decay = (i: number): number => 0.2 + 2.1 * Math.exp(-i / 60);

describe("one smooth curve does not tell good from too low", () => {
  it("is less sure of a smooth run that still falls than of one that has arrived", () => {
    const e = noise();
    const falling = diagnoseRun(makeLog({ loss: (i) => 6 - 0.6 * Math.log(1 + i / 20) + 0.02 * e() }));
    const arrived = diagnoseRun(makeLog({ loss: (i) => 0.02 + 2.3 * Math.exp(-i / 30) + 0.002 * e() }));
    expect(arrived.verdict).toBe("good");
    expect(falling.probabilities!["too-low"]).toBeGreaterThan(10 * arrived.probabilities!["too-low"]);
  });

  it("lets the comparison decide when runs are given together", () => {
    const run = (lr: number, end: number, seed: number): RunLog => {
      const e = noise(seed);
      return makeLog({ loss: (i) => end + (9 - end) * Math.exp(-i / 40) + 0.01 * e(), lr: () => lr });
    };
    const { runs } = diagnose([run(1e-4, 1.76, 1), run(3e-3, 1.32, 2), run(1e-2, 1.41, 3), run(1e-1, 4, 4)]);
    expect(runs.map((r) => r.verdict)).toEqual(["too-low", "good", "slightly-high", "too-high"]);
    expect(runs[0]!.action.lr!.multiply).toBeCloseTo(30, 5);
  });
});

describe("the gradient norm leads the loss", () => {
  it("reports how many points before the peak it rose", () => {
    const e = noise();
    const spike: Record<number, number> = {
      200: 2.6,
      201: 2.3,
      202: 3.5,
      203: 5.1,
      204: 4.2,
      205: 3.1,
      206: 2.5,
    };
    const log = makeLog({
      loss: (i) => spike[i] ?? 2.2 + 0.02 * e(),
      gradNorm: (i) => (i >= 198 && i <= 206 ? 0.25 * 4 ** Math.min(i - 197, 5) : 0.25 + 0.02 * e()),
    });
    const events = diagnoseRun(log).findings.filter((f) => f.id === "loss-spike");
    expect(events).toHaveLength(1);
    expect(events[0]!.evidence).toMatchObject({ recovery: "fast", precursor: true, peakStep: 203 });
    expect(events[0]!.evidence.precursorLead).toBeGreaterThanOrEqual(3);
  });
});

describe("NaN hides", () => {
  it("reads loss 0 beside a NaN gradient norm as NaN", () => {
    const log = makeLog({
      loss: (i) => (i < 100 ? decay(i) : 0),
      gradNorm: (i) => (i < 100 ? 1 : Number.NaN),
    });
    expect(find(log, "hidden-nan").steps).toEqual([100, 399]);
    expect(find(log, "non-finite").evidence.firstStep).toBe(100);
    expect(blames(log)).toBe(false);
  });

  it("reads a run of nothing but filtered NaN", () => {
    const log = makeLog({ loss: () => 0, gradNorm: () => Number.NaN });
    expect(find(log, "non-finite").evidence.kind).toBe("initial");
    expect(diagnoseRun(log).verdict).toBe("inconclusive");
  });

  it("keeps an honest 0: a loss that reaches 0 with finite gradients", () => {
    const log = makeLog({ loss: (i) => Math.max(0, 2 - i / 50), gradNorm: () => 1 });
    expect(ids(log)).not.toContain("hidden-nan");
  });

  it("sees NaN iterations whose loss is absent", () => {
    const loss = Array.from({ length: 60 }, (_, i) => 3 - i / 60);
    const steps = Array.from({ length: 80 }, (_, i) => i);
    const log = makeLog(
      { loss },
      {
        more: [
          at(
            "nanCount",
            steps,
            steps.map((s) => (s >= 60 ? 1 : 0)),
          ),
        ],
      },
    );
    expect(find(log, "nan-iterations").steps).toEqual([60, 79]);
  });
});

describe("NaN does not mean too high", () => {
  it("calls NaN out of a log-linear decrease numerical", () => {
    const log = makeLog({ loss: (i) => (i < 200 ? 2.9e12 * Math.exp(-i / 7) : Number.NaN) });
    expect(find(log, "numerical").evidence.kind).toBe("numerical");
    expect(diagnoseRun(log)).toMatchObject({ verdict: "inconclusive", action: { lr: null } });
  });

  it("calls NaN after a rise a divergence, and says to restore a checkpoint", () => {
    const e = noise();
    const log = makeLog({
      loss: (i) => (i > 130 ? Number.NaN : i > 100 ? decay(100) * 1.3 ** (i - 100) : decay(i) + 0.01 * e()),
    });
    const run = diagnoseRun(log);
    expect(run.verdict).toBe("too-high");
    expect(run.action.text).toMatch(/checkpoint/);
    expect(ids(log)).not.toContain("numerical");
  });

  it("calls a first loss that is NaN initial", () => {
    expect(find(makeLog({ loss: () => Number.NaN }), "non-finite").evidence.kind).toBe("initial");
  });
});

describe("a leap in the first steps", () => {
  const leap = [2.3, 200, 7e5, 1e4, 49];
  const e = noise();

  it("is critical when the loss never comes back, whatever it learns afterwards", () => {
    const log = makeLog({ loss: (i) => leap[i] ?? 40 + 12 * Math.exp(-i / 50) + e() });
    expect(find(log, "early-jump")).toMatchObject({
      severity: "critical",
      steps: [0, 399],
      evidence: { peak: 7e5, peakStep: 2, returned: false },
    });
  });

  it("is an event when the run comes back and goes on", () => {
    const log = makeLog({ loss: (i) => leap[i] ?? decay(i) + 0.01 * e() });
    expect(find(log, "early-jump").severity).toBe("info");
  });

  it("is not the noise of the first batches, nor a first batch that happens to be easy", () => {
    expect(ids(makeLog({ loss: (i) => decay(i) + 0.3 * e() }))).not.toContain("early-jump");
    expect(ids(makeLog({ loss: (i) => (i === 0 ? 2 : decay(i) + 0.05 * e()) }))).not.toContain("early-jump");
  });
});

describe("the dose is computed where the divergence is clean", () => {
  it.each([1.2, 1.9, 3])("finds ηλ from the loss of gradient descent on λx²/2 with ηλ = 2 × %f", (over) => {
    // f(x) = λx²/2, x ← (1 − ηλ)x: the loss ratio is (ηλ − 1)²; to reach the edge η must fall by ηλ/2 = over
    const log = makeLog({ loss: (i) => (2 * over - 1) ** (2 * i) * 1e-3 }, { points: 60 });
    const run = diagnoseRun(log);
    expect(run.verdict).toBe("too-high");
    expect(run.action.lr!.multiply).toBeCloseTo(1 / (2 * over), 2);
  });
});

describe("a plateau does not mean too low", () => {
  it("tells stuck from a creep of a thousandth of the loss", () => {
    const e = noise();
    expect(find(makeLog({ loss: () => 7.6 + 0.05 * e() }), "plateau").evidence.kind).toBe("stuck");
    expect(find(makeLog({ loss: (i) => 3.7672e25 - i * 1.7e19 }), "plateau").evidence.kind).toBe("scale");
  });

  it("sees gradients that reach nothing", () => {
    const e = noise();
    const log = makeLog({ loss: () => 4.68 + 0.02 * e(), gradNorm: () => 8.5 + 0.3 * e() });
    expect(find(log, "plateau").evidence.kind).toBe("not-moving");
  });

  it("sees a late onset", () => {
    const e = noise();
    const log = makeLog({ loss: (i) => (i < 200 ? 2.3 : 0.3 + 2 * Math.exp(-(i - 200) / 40)) + 0.01 * e() });
    expect(find(log, "plateau").evidence.kind).toBe("late-onset");
  });
});

describe("oscillation is often the order of the data", () => {
  it("does not blame the rate for a period-two saw logged every 50 steps", () => {
    const log = makeLog(
      { loss: (i) => 3 * Math.exp(-i / 300) * (i % 2 ? 1.06 : 0.94) },
      { points: 200, stride: 50 },
    );
    expect(find(log, "data-order").evidence.periodPoints).toBe(2);
    expect(blames(log)).toBe(false);
  });

  it("finds the period of an unshuffled epoch, with a rate of 1e-6", () => {
    const e = noise();
    const log = makeLog({
      loss: (i) => 1.2 + ((i % 25) / 25) * 2 + 0.05 * e(),
      lr: () => 1e-6,
      epoch: (i) => i / 25,
    });
    expect(find(log, "data-order").evidence).toMatchObject({ periodPoints: 25, epochPoints: 25 });
    expect(blames(log)).toBe(false);
  });

  it("finds nothing periodic in white noise", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const e = noise(seed * 7919);
      expect(ids(makeLog({ loss: (i) => decay(i) + 0.1 * e() }))).not.toContain("data-order");
    }
  });

  it("tells the edge of stability from an oscillation about a level", () => {
    const falling = makeLog({ loss: (i) => 2 * Math.exp(-i / 150) * (i % 2 ? 1.05 : 0.95) });
    expect(find(falling, "oscillation")).toMatchObject({
      severity: "info",
      evidence: { kind: "edge-of-stability" },
    });
    const standing = makeLog({ loss: (i) => (i < 30 ? 2 * Math.exp(-i / 20) : 0.45) * (i % 2 ? 1.2 : 0.8) });
    expect(find(standing, "oscillation")).toMatchObject({
      severity: "warning",
      evidence: { kind: "standing" },
    });
  });
});

describe("an epoch staircase is no plateau and no divergence", () => {
  const e = noise();
  const stair = (i: number): number =>
    [1.085, 0.72, 0.41][Math.floor(i / 130)]! * (1 + (i < 130 ? 0 : 0.0003 * (i % 130))) + 0.03 * e();
  const loss = Array.from({ length: 390 }, (_, i) => stair(i));
  it.each([
    ["with an epoch series", { loss, epoch: (i: number) => i / 130 }],
    ["without one", { loss }],
  ])("%s", (_, columns) => {
    const log = makeLog(columns, { points: 390 });
    expect(find(log, "epoch-staircase").evidence.stairs).toBe(2);
    expect(ids(log)).not.toContain("divergence");
    expect(blames(log)).toBe(false);
  });
});

describe("a change of objective is not a divergence", () => {
  it("sees the level jump where new columns begin", () => {
    const late = Array.from({ length: 40 }, (_, i) => 60 + i);
    const log = makeLog(
      { loss: (i) => (i < 60 ? 300 - 3 * i : 3075 - 5 * (i - 60)) },
      {
        points: 100,
        more: [
          at(
            "other",
            late,
            late.map(() => 1000),
            "origin_loss",
          ),
        ],
      },
    );
    expect(find(log, "objective-change").evidence.newSeries).toBe("origin_loss");
    expect(ids(log)).not.toContain("divergence");
    expect(blames(log)).toBe(false);
  });

  it("sees a training loss summed over sixteen accumulation steps", () => {
    const e = noise();
    const steps = [50, 100, 150, 200, 250, 300, 350];
    const log = makeLog(
      { loss: (i) => 16 * decay(i) + 0.02 * e() },
      { more: [at("validation", steps, steps.map(decay))] },
    );
    expect(find(log, "logging-artefact").evidence.factor).toBe(16);
    expect(["good", "inconclusive"]).toContain(diagnoseRun(log).verdict);
  });
});

describe("what shipped detectors miss or invent", () => {
  it("finds a divergence of a factor of two", () => {
    const e = noise();
    const log = makeLog({
      loss: (i) =>
        (i < 200 ? 3.66 + 7 * Math.exp(-i / 40) : 6.96 - 3.3 * Math.exp(-(i - 200) / 30)) + 0.03 * e(),
    });
    expect(find(log, "divergence").steps[0]).toBeGreaterThan(190);
    for (const verdict of diagnoseRun(log).verdicts) expect(["too-high", "slightly-high"]).toContain(verdict);
    expect(diagnoseRun(log).verdicts).not.toHaveLength(0);
  });

  it("finds a slow rise", () => {
    const e = noise();
    expect(ids(makeLog({ loss: (i) => 2 + 3 * Math.exp(-i / 20) + 0.004 * i + 0.02 * e() }))).toContain(
      "divergence",
    );
  });

  it("says nothing alarming of a healthy noisy run", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const e = noise(seed * 104729);
      const run = diagnoseRun(
        makeLog({ loss: (i) => decay(i) * (1 + 0.08 * e()), gradNorm: (i) => decay(i) * (1 + 0.3 * e()) }),
      );
      expect(run.findings.filter((f) => f.severity !== "info")).toEqual([]);
    }
  });

  it("counts events, not points", () => {
    const e = noise();
    const log = makeLog({
      loss: (i) => 0.5 + 0.02 * e() + (i % 80 >= 40 && i % 80 < 48 ? 1.5 / (1 + (i % 80) - 40) : 0),
    });
    expect(find(log, "recurrent-spikes").evidence.events).toBe(5);
  });
});

describe("the rest of the instruments", () => {
  const e = noise();
  it("overfitting", () => {
    const steps = [0, 50, 100, 150, 200, 250, 300];
    const log = makeLog(
      { loss: decay },
      { more: [at("validation", steps, [2.4, 1.7, 1.6, 1.7, 1.9, 2.3, 2.6])] },
    );
    expect(find(log, "overfitting").evidence).toMatchObject({ bestStep: 100, lastValidation: 2.6 });
  });
  it("validation that jumps about its level is not overfitting", () => {
    const steps = Array.from({ length: 12 }, (_, i) => 25 * i);
    const values = [9.2, 3.1, 1.2, 1.0, 2.1, 0.72, 2.3, 0.66, 0.9, 0.62, 1.06, 0.77];
    const log = makeLog({ loss: decay }, { more: [at("validation", steps, values)] });
    expect(ids(log)).not.toContain("overfitting");
  });
  it("exploding and vanishing gradients", () => {
    const exploding = makeLog({
      loss: (i) => (i < 300 ? 2 : 2 * 1.02 ** (i - 300)),
      gradNorm: (i) => (i < 300 ? 1 : 1.1 ** (i - 300)) + 0.01 * e(),
    });
    expect(ids(exploding)).toContain("exploding-gradient");
    const vanishing = makeLog({
      loss: () => 2.3 + 0.01 * e(),
      gradNorm: (i) => Math.max(1e-8, 10 ** (-i / 20)),
    });
    expect(ids(vanishing)).toContain("vanishing-gradient");
  });
  it("a rate at its stability limit, from a probe's names together, and against a raise only", () => {
    const steps = [20, 120, 220, 320];
    const probe = (share: number[], ...names: string[]): Series[] =>
      names.map((name) => at("other", steps, name === "stability" ? share : share.map(() => 1), name));
    const three = ["stability", "sharpness", "limit"];
    const found = (share: number[], names = three): string[] =>
      ids(makeLog({ loss: decay }, { more: probe(share, ...names) }));
    expect(found([0.1, 0.2, 0.7, 0.8])).toContain("near-stability-limit");
    // what was so at the start, and a name that stands alone
    expect(found([0.9, 0.8, 0.1, 0.2])).not.toContain("near-stability-limit");
    expect(found([0.1, 0.2, 0.7, 0.8], ["stability"])).not.toContain("near-stability-limit");
  });
  it("branches that a probe measured decide what the curve leaves open, and outrank its findings", () => {
    const run = (more: readonly Series[]) => diagnoseRun(makeLog({ loss: decay }, { more }));
    const judged = (higher: number, lower: number, more: readonly Series[] = []) => {
      const levels = { start: 2.3, lower, same: 0.3, higher };
      const series = Object.entries(levels).map(([k, v]) => at("other", [400], [v], `branches/${k}`));
      return run([...series, ...more]);
    };
    expect(run([])).toMatchObject({ verdict: "inconclusive", verdicts: ["too-low", "good"] });
    expect(judged(0.1, 0.9)).toMatchObject({
      verdict: "too-low",
      reason: expect.stringContaining("9.1 % of the way lower"),
    });
    expect(judged(0.29, 0.9).verdicts[0]).toBe("good");
    expect(judged(Number.POSITIVE_INFINITY, 0.9).reason).toContain(
      "the rate it would not get below its start",
    );
    for (const high of judged(4, 0.1).verdicts) expect(["slightly-high", "too-high"]).toContain(high);
    const limit = ["stability", "sharpness", "limit"].map((name) => at("other", [1, 2, 3], [1, 1, 1], name));
    expect(judged(0.1, 0.9, limit).action.text).toContain("the branches outrank it");
    // half of them is nothing to compare
    expect(run([at("other", [1], [2.3], "branches/start")]).reason).not.toContain("branches");
  });
  it("clipping, from its own series and from norms that sit at the clip", () => {
    expect(ids(makeLog({ loss: decay, clippedShare: () => 0.8 }))).toContain("clipping");
    expect(ids(makeLog({ loss: decay, gradNorm: (i) => (i % 4 ? 1 : 0.5 + 0.1 * e()) }))).toContain(
      "clipping",
    );
    expect(ids(makeLog({ loss: decay, clippedShare: () => 0.1 }))).not.toContain("clipping");
  });
  it("a loss scale that collapses", () => {
    expect(ids(makeLog({ loss: decay, lossScale: (i) => 65536 / 2 ** Math.floor(i / 50) }))).toContain(
      "loss-scale-collapse",
    );
  });
  it("a schedule that ends early, and a warm-up too short", () => {
    expect(ids(makeLog({ loss: decay, lr: (i) => (i < 200 ? 1 - i / 200 : 0) }))).toContain(
      "lr-decays-early",
    );
    const burst = makeLog({
      loss: (i) => (i < 25 ? 2.3 + 0.15 * i : 0.5 + 5.5 * Math.exp(-(i - 25) / 40)) + 0.02 * e(),
      lr: (i) => Math.min(1, (i + 1) / 10),
    });
    expect(ids(burst)).toContain("lr-warmup-short");
  });
  it("a noise floor that falls with the rate, and a fall that is not over", () => {
    const floor = makeLog({
      loss: (i) => (i < 250 ? 1 + Math.exp(-i / 20) : 0.3 + 0.7 * Math.exp(-(i - 250) / 10)) + 0.02 * e(),
      lr: (i) => (i < 250 ? 1 : 0.1),
    });
    expect(ids(floor)).toContain("noise-floor");
    expect(ids(makeLog({ loss: (i) => 2.3 - 0.005 * i + 0.01 * e() }))).toContain("slow-progress");
  });
});

describe("a long noisy run", () => {
  it("is not called diverged for its luckiest points, nor spiking for its few hardest batches", () => {
    const e = noise(7);
    let drift = 0;
    // batches of one source follow one another, and some are much easier or harder than the rest
    const log = makeLog(
      {
        loss: (i) => {
          drift = 0.8 * drift + 0.07 * e();
          const tail = e();
          const odd = Math.abs(tail) > 0.998 ? Math.sign(tail) : 0;
          return (3.6 + 7.4 * Math.exp(-i / 1500)) * Math.exp(drift + 0.05 * e() + 0.25 * odd);
        },
      },
      { points: 30_000 },
    );
    const found = ids(log);
    expect(found).not.toContain("divergence");
    expect(found).not.toContain("recurrent-spikes");
    expect(["too-high", "slightly-high"]).not.toContain(diagnoseRun(log).verdict);
  });
});

describe("a rate that decays while the loss goes on as before", () => {
  it("is no noise floor", () => {
    const e = noise(3);
    const log = makeLog({
      loss: (i) => Math.exp(2.2 - i / 250 + 0.02 * e()),
      lr: (i) => 0.1 * (1 - i / 400),
    });
    expect(ids(log)).not.toContain("noise-floor");
  });
});

describe("a loss that hardly moves", () => {
  const action = (loss: (i: number) => number) => {
    const { verdict, action: found } = diagnoseRun(makeLog({ loss }));
    return verdict === "too-low" ? found.lr?.multiply : undefined;
  };
  it("is to be raised tenfold only where it goes on as fast as it began", () => {
    const [a, b] = [noise(5), noise(5)];
    const steady = action((i) => 2.3 - (0.2 * i) / 400 + 0.005 * a());
    const bent = action((i) => 1.75 + 0.25 * Math.exp(-i / 60) + 0.01 * b());
    expect(steady).toBe(10);
    expect(bent).not.toBe(10);
  });
});
