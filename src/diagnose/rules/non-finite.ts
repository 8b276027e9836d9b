/** NaN or infinity in the loss, told apart by what came before it. */
import { type Context, round } from "../context.ts";
import { madSigma, median } from "../stats.ts";
import type { Evidence } from "../types.ts";
import type { Rule } from "./rule.ts";

/** Finite points before a NaN, below which nothing can be said of what led to it. */
export const MIN_BEFORE_NAN = 5;

export type NonFiniteKind = "diverged" | "numerical" | "initial";

/** What the loss did before its first non-finite value; null when every value is finite. */
export function nonFiniteKind(c: Context): { kind: NonFiniteKind; step: number; evidence: Evidence } | null {
  const at = c.nonFinite[0];
  if (at === undefined) return null;
  const step = c.run.steps[at]!;
  const before = c.position.findIndex((p) => p > at);
  const n = before < 0 ? c.position.length : before;
  const infinite = Math.abs(c.run.loss[at]!) === Number.POSITIVE_INFINITY;
  const base = { firstStep: step, count: c.nonFinite.length, infinite };
  if (n === 0) return { kind: "initial", step, evidence: { kind: "initial", ...base } };
  const look = Math.min(n, Math.max(20, Math.floor(n * 0.05)));
  // the noise of the end counts: on a floor near 0 the log-loss is far noisier than on the way down
  const rest = c.log.subarray(0, n).map((v, i) => v - c.level[i]!);
  const sigma = Math.max(madSigma(rest), madSigma(rest.subarray(Math.max(0, n - 40))), 1e-3);
  const enough = Math.max(4 * sigma, Math.log(1.15));
  // a jump: the last point stands above all of the ten before the last three; a low point of the noise is no ground to rise from
  const ground = c.log.subarray(Math.max(0, n - 13), Math.max(1, n - 3));
  const jump = c.log[n - 1]! - median(ground);
  const jumped = jump > enough && c.log[n - 1]! > ground.reduce((a, b) => Math.max(a, b));
  // a climb: the level, not single points, has left the lowest level of the recent before
  const recent = c.level.subarray(n - look, n);
  const climb = recent[look - 1]! - recent.reduce((a, b) => Math.min(a, b));
  const rise = Math.max(jump, climb);
  const g = c.gradNorm?.subarray(0, n).filter((v) => v > 0);
  const gradRise =
    g && g.length > 3 ? g[g.length - 1]! / median(g.subarray(Math.max(0, g.length - look))) : null;
  const gradBroken =
    c.run.gradNorm !== null && g !== undefined && g.length > 0 && gradRise !== null && gradRise > 10;
  const rising = jumped || climb > enough || infinite || gradBroken;
  const lifted = c.loss[n - 1]! > 2 * c.first && c.first > 0;
  const kind: NonFiniteKind = rising || lifted ? "diverged" : "numerical";
  const evidence = {
    kind,
    ...base,
    lastFinite: round(c.loss[n - 1]!),
    riseInSigma: round(rise / sigma, 3),
    gradNormRise: gradRise === null ? null : round(gradRise, 3),
  };
  return { kind, step, evidence };
}

const ADVICE: Readonly<Record<NonFiniteKind, string>> = {
  diverged:
    "The loss rose before it became non-finite: lower the learning rate 10×, restore a checkpoint from before the rise (NaN does not heal by itself), and clip gradients.",
  numerical:
    "Restore a checkpoint from before this step and look for log 0, 0/0, an overflow in half precision, or a batch whose labels are all masked; leave the learning rate alone until those are ruled out.",
  initial:
    "The first loss is already non-finite: check the initialisation, the inputs and the loss function; no learning rate can repair it.",
};

export const nonFinite: Rule = {
  name: "non-finite",
  severity: "critical",
  about: "NaN or infinite loss: diverged, numerical (out of a healthy descent), or from the first point",
  needs: [],
  alerts: "value",
  absorbs: ["numerical"],
  notTheRate: false,
  direction: "neither",
  detect(c) {
    const found = nonFiniteKind(c);
    if (!found) return [];
    const last = c.run.steps[c.nonFinite[c.nonFinite.length - 1]!]!;
    return [
      {
        steps: [found.step, last],
        direction: found.kind === "diverged" ? ("lower" as const) : ("neither" as const),
        evidence: found.evidence,
        advice: ADVICE[found.kind],
        alternatives:
          found.kind === "diverged"
            ? ["a corrupt batch", "overflow of a half-precision format"]
            : ["an unlogged spike between two log points: the learning rate may still be the cause"],
        decide:
          "the gradient norm and the loss of every step just before, and a re-run of those batches in float32",
      },
    ];
  },
};

export const numerical: Rule = {
  name: "numerical",
  severity: "critical",
  about: "NaN out of a healthy descent: precision or data, not the rate",
  needs: [],
  alerts: null,
  absorbs: [],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    const found = nonFiniteKind(c);
    if (!found || found.kind === "diverged") return [];
    // "out of a descent": a point or two before it are none
    if (found.kind === "numerical" && c.loss.length < MIN_BEFORE_NAN) return [];
    return [
      {
        steps: [found.step, found.step],
        evidence: found.evidence,
        advice: ADVICE[found.kind],
        alternatives: ["an unlogged spike between two log points"],
        decide: "the same steps in float32 with anomaly detection on",
      },
    ];
  },
};

export const hiddenNan: Rule = {
  name: "hidden-nan",
  severity: "critical",
  about:
    "NaN that the log hides: loss 0 beside a NaN gradient norm, or NaN iterations counted without a loss",
  needs: [],
  alerts: "value",
  absorbs: [],
  notTheRate: false,
  direction: "neither",
  detect(c) {
    if (c.hidden.length === 0) return [];
    const step = (i: number): number => c.run.steps[c.hidden[i]!]!;
    return [
      {
        steps: [step(0), step(c.hidden.length - 1)],
        evidence: { points: c.hidden.length, finitePoints: c.loss.length },
        advice:
          "The logged 0 is a NaN that the logger filtered out. Turn the filter off (Hugging Face: logging_nan_inf_filter=False) and read the run as non-finite from here.",
        alternatives: ["a loss that is exactly 0 while only the gradient is broken"],
        decide: "the unfiltered loss of one of these steps",
      },
    ];
  },
};

export const nanIterations: Rule = {
  name: "nan-iterations",
  severity: "critical",
  about: "the log counts NaN or skipped iterations",
  needs: [],
  alerts: "iterations",
  absorbs: [],
  notTheRate: false,
  direction: "not-higher",
  detect(c) {
    return c.run.log.series
      .filter((s) => s.role === "nanCount" || s.role === "skipped")
      .flatMap((s) => {
        const counts = isTotal(s.values);
        const hits = [...s.values.keys()].filter(
          (i) => s.values[i]! > (counts ? (s.values[i - 1] ?? s.values[0]!) : 0),
        );
        if (hits.length === 0) return [];
        const share = hits.length / s.values.length;
        if (s.role === "skipped" && share < 0.05) return [];
        return [
          {
            steps: [s.steps[hits[0]!]!, s.steps[hits[hits.length - 1]!]!] as const,
            severity: s.role === "skipped" ? ("warning" as const) : ("critical" as const),
            evidence: { series: s.name, points: hits.length, share: round(share) },
            advice:
              "Steps were lost to non-finite gradients. A few at the start of mixed precision are normal; later ones call for bfloat16, a lower rate or a look at the data.",
            alternatives: ["the loss scaler finding its level"],
            decide: "the loss scale and gradient norm at these steps",
          },
        ];
      });
  },
};

/** All skipped so far: it never falls, and goes past one. */
function isTotal(values: Float64Array): boolean {
  return values[values.length - 1]! > 1 && values.every((v, i) => i === 0 || v >= values[i - 1]!);
}
