/** What a probe has measured inside a training: the rate beside the optimizer's own stability limit. */
import type { Series } from "../../run/log.ts";
import { round } from "../context.ts";
import { median } from "../stats.ts";
import type { Rule } from "./rule.ts";

/** Measurements below which nothing is said. */
const MIN = 3;
/**
 * Share of the limit from which a rate has no room to be raised. Good rates go beyond 1 at times: training on all rows moves
 * to the limit by itself (Cohen et al. 2021, arXiv 2103.00065). So this speaks against a higher rate, and not for a lower one.
 */
const NEAR = 0.5;

export const nearLimit: Rule = {
  name: "near-stability-limit",
  severity: "info",
  about: "a probe measured curvature, and the rate is at half of the optimizer's stability limit or above",
  needs: ["finite", "curvature"],
  alerts: null,
  absorbs: [],
  notTheRate: false,
  direction: "not-higher",
  detect(c) {
    const named = (name: string): Series | undefined => c.run.log.series.find((s) => s.name === name);
    const used = named("stability");
    // the names together are the probe's (src/probe); alone a name may mean anything
    if (!used || !named("sharpness") || !named("limit")) return [];
    // what holds now: the later half
    const later = used.values.subarray(used.values.length >> 1).filter(Number.isFinite);
    if (used.values.length < MIN || later.length === 0) return [];
    const share = median(later);
    if (!(share >= NEAR)) return [];
    return [
      {
        steps: [used.steps[used.steps.length >> 1]!, used.steps[used.steps.length - 1]!],
        evidence: { ofLimit: round(share, 3), measurements: used.values.length },
        advice:
          share > 1
            ? "The rate is above what the measured curvature bears, so the loss bounces along the steepest direction. Don't raise it; where the loss falls slowly, try half of it."
            : "The rate is near what the measured curvature bears. Don't raise it.",
        alternatives: ["curvature of a small batch, which is larger than that of all rows"],
        decide: "the same measurement on a larger batch",
      },
    ];
  },
};
