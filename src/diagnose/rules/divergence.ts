/** The loss ends well above the best it had, and stays there. */

import { type Context, round, span } from "../context.ts";
import { boundaryNear } from "../segment.ts";
import { madSigma, median, runningMedian } from "../stats.ts";
import { growth } from "./growth.ts";
import type { Rule } from "./rule.ts";

interface Loss {
  readonly onset: number;
  readonly lost: number;
}

/** Points that one value of the course stands for: the lowest of 10,000 noisy points is luck, not a level. */
const COURSE = 400;

interface Course {
  readonly level: Float64Array;
  readonly sigma: number;
  /** Points a value. */
  readonly each: number;
}

/** The run's level point by point where it is short, else the medians of 400 stretches, smoothed alike. */
function courseOf(c: Context): Course {
  const n = c.log.length;
  const each = Math.floor(n / COURSE);
  if (each < 2) return { level: c.level, sigma: c.sigma, each: 1 };
  const parts = Math.ceil(n / each);
  const stretches = Float64Array.from({ length: parts }, (_, k) =>
    median(c.log.subarray(k * each, (k + 1) * each)),
  );
  const level = runningMedian(stretches, 9);
  return { level, sigma: madSigma(stretches.map((v, k) => v - level[k]!)), each };
}

/** Where the run left its best level for good, and the share of its drop that it lost again. */
export function divergedAt(c: Context): Loss | null {
  if (c.loss.length < 12) return null;
  const { level, sigma, each } = courseOf(c);
  const n = level.length;
  let best = 0;
  for (let i = 1; i < n; i++) if (level[i]! < level[best]!) best = i;
  const tail = Math.max(3, Math.floor(n / 10));
  const floor = level.subarray(n - tail).reduce((a, b) => Math.min(a, b));
  const climb = floor - level[best]!;
  const covered = Math.max(level[0]! - level[best]!, 0);
  if (!(climb > Math.max(5 * sigma, 0.1 * covered, Math.log(1.05)))) return null;
  // in plain loss too: near zero a large ratio is a small matter
  const lost = (c.end - c.lowest) / Math.max(c.drop, 1e-300);
  if (c.drop > 0 && lost < 0.1) return null;
  let onset = n - 1;
  while (onset > best && level[onset]! > level[best]! + 0.25 * climb) onset--;
  return n - onset >= tail ? { onset: onset * each, lost } : null;
}

export const divergence: Rule = {
  name: "divergence",
  severity: "critical",
  about: "the loss leaves its best level for good",
  needs: ["finite", "descent"],
  alerts: "level",
  absorbs: [],
  notTheRate: false,
  direction: "lower",
  detect(c) {
    const found = divergedAt(c);
    if (!found) return [];
    if (
      boundaryNear(c.boundaries, c.position[found.onset]!, Math.max(3, c.loss.length / 50), [
        "epoch",
        "new-series",
        "restart",
      ])
    )
      return [];
    const grown = growth(c);
    const above = c.end > c.first;
    return [
      {
        steps: span(c, found.onset),
        severity: above || found.lost > 0.5 ? "critical" : "warning",
        evidence: {
          best: round(c.lowest),
          end: round(c.end),
          first: round(c.first),
          shareOfDropLost: c.drop > 0 ? round(found.lost, 3) : null,
          growthPerStep: grown ? round(grown.ratio) : null,
          divideLrBy: grown ? round(grown.edge) : null,
        },
        advice: grown
          ? `The loss grows ×${round(grown.ratio, 3)} a step, cleanly: for plain gradient descent the rate is ${round(grown.edge, 3)}× over the edge. Divide by that at least, by twice that for the fastest decrease, and restart from before step ${c.steps[found.onset]!}.`
          : `Restore a checkpoint from before step ${c.steps[found.onset]!}, lower the learning rate, and clip gradients.`,
        alternatives: ["a change of data or objective at the onset", "a bad batch with a slow recovery"],
        decide: "the gradient norm from the onset on, and the same run at a third of the rate",
      },
    ];
  },
};
