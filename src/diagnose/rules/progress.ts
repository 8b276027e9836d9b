/** The end of the curve: still falling, or resting on a noise floor that the rate sets. */
import { round, span } from "../context.ts";
import { largest, median } from "../stats.ts";
import type { Rule } from "./rule.ts";

export const slowProgress: Rule = {
  name: "slow-progress",
  severity: "info",
  about: "much of the fall is still to come when the run ends",
  needs: ["finite", "descent"],
  alerts: null,
  absorbs: [],
  notTheRate: false,
  direction: "neither",
  detect(c) {
    const n = c.loss.length;
    if (n < 30 || !(c.drop > 0)) return [];
    const at = (a: number, b: number): number =>
      median(c.loss.subarray(Math.floor(n * a), Math.floor(n * b)));
    const late = at(0.6, 0.7);
    const end = at(0.9, 1);
    const share = (late - end) / c.drop;
    const sigmas =
      (Math.log(Math.abs(late)) - Math.log(Math.abs(end))) / Math.max(c.sigma / Math.sqrt(n / 10), 1e-9);
    if (!(share > 0.08 && sigmas > 4)) return [];
    return [
      {
        steps: span(c, Math.floor(n * 0.6)),
        evidence: { shareOfDropInLastThird: round(share, 3), end: round(end) },
        advice:
          "The run ends while the loss still falls fast: train longer, or raise the rate if a range test or a 2× probe stays stable.",
        alternatives: ["a learning-rate decay that has just begun to pay", "a late onset"],
        decide: "a run at twice the rate for the same number of steps",
      },
    ];
  },
};

export const noiseFloor: Rule = {
  name: "noise-floor",
  severity: "info",
  about: "the loss rests on a floor that fell when the learning rate fell",
  needs: ["finite", "descent", "lr"],
  alerts: null,
  absorbs: [],
  notTheRate: false,
  direction: "not-higher",
  detect(c) {
    const lr = c.lr;
    const n = c.loss.length;
    if (!lr || n < 40) return [];
    const peak = largest(lr);
    let decay = n;
    while (decay > 0 && lr[decay - 1]! < 0.5 * peak) decay--;
    if (decay > n - 8 || decay < n / 5) return [];
    const median3 = (a: number, b: number): number => median(c.log.subarray(a, Math.max(a + 3, b)));
    const before = median3(Math.floor(decay * 0.6), Math.floor(decay * 0.75));
    const at = median3(Math.floor(decay * 0.85), decay);
    const after = median3(n - Math.floor((n - decay) / 3), n);
    const resting = before - at;
    const gained = at - after;
    // what it would have gained anyway, had it gone on as before the decay
    const anyway = (resting * (n - decay)) / (0.25 * decay);
    if (!(gained > Math.max(0.1, 3 * resting, 2 * anyway) && gained > (2 * c.sigma) / Math.sqrt(5)))
      return [];
    return [
      {
        steps: span(c, decay),
        evidence: {
          levelBeforeDecay: round(Math.exp(at)),
          levelAfter: round(Math.exp(after)),
          gainedByDecay: round(-Math.expm1(-gained), 3),
        },
        advice:
          "The loss rested until the rate decayed and then fell: the floor was set by the rate. Let the decay begin earlier or take longer.",
        alternatives: ["a change of data at the same step"],
        decide: "a run that starts its decay at half the steps",
      },
    ];
  },
};
