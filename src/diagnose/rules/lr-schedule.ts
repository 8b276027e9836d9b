/** Faults of the schedule that the curve and the logged rate show together. */
import { round, span } from "../context.ts";
import { largest } from "../stats.ts";
import type { Rule } from "./rule.ts";

export const earlyDecay: Rule = {
  name: "lr-decays-early",
  severity: "warning",
  about: "the rate is practically zero for the last part of the run",
  needs: ["finite", "lr"],
  alerts: null,
  absorbs: [],
  notTheRate: false,
  direction: "neither",
  detect(c) {
    const lr = c.lr;
    if (!lr || lr.length < 20) return [];
    const peak = largest(lr);
    let from = lr.length;
    while (from > 0 && lr[from - 1]! <= 0.005 * peak) from--;
    const share = (lr.length - from) / lr.length;
    if (!(peak > 0 && share > 0.15)) return [];
    return [
      {
        steps: span(c, from),
        evidence: { share: round(share, 3), peak, last: lr[lr.length - 1]! },
        advice:
          "The schedule reaches zero early and the rest of the run trains nothing: set its length to the number of steps actually run, or leave a floor of a tenth of the peak.",
        alternatives: ["a fine-tuning tail that is wanted"],
        decide: "the schedule's total steps against the run's",
      },
    ];
  },
};

export const shortWarmup: Rule = {
  name: "lr-warmup-short",
  severity: "warning",
  about: "the loss blows up while the rate warms up and recovers later",
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
    const top = lr.indexOf(peak);
    const warm = top > 0 && lr[0]! < 0.5 * peak && top < n / 3;
    if (!warm) return [];
    const reach = Math.min(n - 1, top * 2 + 5);
    let worst = 0;
    for (let i = 1; i <= reach; i++) if (c.level[i]! > c.level[worst]!) worst = i;
    const rise = c.level[worst]! - c.level[0]!;
    if (!(rise > Math.max(Math.log(1.2), 6 * c.sigma) && c.end < c.first)) return [];
    return [
      {
        steps: span(c, 0, reach),
        evidence: {
          warmupPoints: top,
          warmupShare: round(top / n, 3),
          riseFactor: round(Math.exp(rise), 3),
          worstStep: c.steps[worst]!,
        },
        advice:
          "The loss rose above its start during or just after the warm-up and then recovered: warm up two to five times longer, or lower the peak rate.",
        alternatives: ["a catapult into a flatter region, which does no harm"],
        decide: "the gradient norm during the warm-up",
      },
    ];
  },
};
