/** Values that say it all: a rate of 0, a loss of 0, and a rate that is back at its peak. */
import { round, span } from "../context.ts";
import { largest, madSigma, median } from "../stats.ts";
import type { Rule } from "./rule.ts";

const SOME = 10;

export const zeroRate: Rule = {
  name: "lr-zero",
  severity: "critical",
  about: "the logged learning rate is 0 at every step",
  needs: ["finite", "lr"],
  alerts: null,
  absorbs: ["plateau"],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    const lr = c.lr?.filter(Number.isFinite);
    if (!lr || lr.length < SOME || lr.some((v) => v !== 0)) return [];
    return [
      {
        steps: span(c),
        evidence: { points: lr.length, lr: 0 },
        advice:
          "The learning rate is 0 throughout, so nothing is trained. Check the schedule's length and its warm-up, and which parameter group the log shows.",
        alternatives: ["a rate so small that the log rounds it to 0", "the rate of a frozen group"],
        decide: "the rate of every parameter group, printed with all its digits",
      },
    ];
  },
};

export const zeroLoss: Rule = {
  name: "loss-zero",
  severity: "critical",
  about: "the loss, and where it is logged the gradient, is exactly 0 throughout",
  needs: ["finite"],
  alerts: null,
  absorbs: ["plateau"],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    if (c.loss.length < SOME || c.loss.some((v) => v !== 0)) return [];
    const norms = c.gradNorm?.filter(Number.isFinite);
    const gradientToo = norms !== undefined && norms.length > 0 && norms.every((v) => v === 0);
    return [
      {
        steps: span(c),
        evidence: { points: c.loss.length, gradientZeroToo: gradientToo },
        advice:
          "The loss is exactly 0 at every point. No model is that good: look for labels that are all masked, an empty batch, a NaN that the logger writes as 0, or a loss that does not depend on the model.",
        alternatives: ["a metric that is not the training loss"],
        decide: "the loss of one batch, computed by hand",
      },
    ];
  },
};

/** Log points whose median is compared on both sides of a jump of the rate, and how many such stretches after it. */
const SIDE = 10;
const LATER = 10;
/** Below this share of its peak a rate has decayed; from this factor on it jumps. */
const DECAYED = 0.7;
const JUMPS = 1.4;

export const rateReset: Rule = {
  name: "lr-reset",
  severity: "warning",
  about: "the rate had decayed and is back near its peak at once, and the loss rose with it",
  needs: ["finite", "descent", "lr"],
  alerts: null,
  absorbs: [],
  notTheRate: false,
  direction: "not-higher",
  detect(c) {
    const lr = c.lr;
    if (!lr || lr.length < 4 * SIDE) return [];
    const peak = largest(lr);
    const jumps: number[] = [];
    let highest = largest(lr.subarray(0, SIDE - 1));
    for (let i = SIDE; i < lr.length - SIDE; i++) {
      const was = lr[i - 1]!;
      highest = Math.max(highest, was);
      // a warm-up starts low; here the rate has come down from its peak before
      const decayed = was < DECAYED * peak && highest > 0.8 * peak;
      if (decayed && lr[i]! > 0.5 * peak && lr[i]! > JUMPS * was) jumps.push(i);
    }
    // warm restarts come again and again; a resume that forgot its schedule comes once
    const at = jumps[0];
    if (at === undefined || jumps.length > 1) return [];
    const before = c.log.subarray(at - SIDE, at);
    const rises = Array.from({ length: LATER }, (_, k) => c.log.subarray(at + k * SIDE, at + (k + 1) * SIDE))
      .filter((window) => window.length === SIDE)
      .map((window) => median(window) - median(before));
    // at once, or within the next steps, and then by more than the luckiest of so many stretches
    const [first, rise] = [rises[0]!, Math.max(...rises)];
    const error = madSigma(before) / Math.sqrt(SIDE);
    if (!(first > Math.max(3 * error, Math.log(1.02))) && !(rise > Math.max(6 * error, Math.log(1.2))))
      return [];
    return [
      {
        steps: [c.steps[at - 1]!, c.steps[Math.min(at + SIDE, c.steps.length - 1)]!],
        evidence: {
          atStep: c.steps[at]!,
          lrBefore: lr[at - 1]!,
          lrAfter: lr[at]!,
          lossRise: round(Math.expm1(rise), 3),
        },
        advice: `At step ${c.steps[at]!} the rate is back near its peak and the loss rises: a resumed run started its schedule again. Restore the schedule's state with the checkpoint, and go on from before this step.`,
        alternatives: ["a warm restart that is wanted"],
        decide: "whether the run was resumed there, and the scheduler's step in the checkpoint",
      },
    ];
  },
};
