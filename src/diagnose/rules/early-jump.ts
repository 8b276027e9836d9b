/** The loss leaps in the first steps, before anything was learnt: the rate meets the untrained model's curvature. */
import { type Context, round, startsLate } from "../context.ts";
import type { Rule } from "./rule.ts";

const MIN = 20;
const SIGMAS = 7;

export const earlyJump: Rule = {
  name: "early-jump",
  severity: "warning",
  about: "the loss leaps in the first steps, by more than the run has gained since",
  needs: ["finite", "start", "descent"],
  alerts: "level",
  absorbs: [],
  notTheRate: false,
  direction: "not-higher",
  detect(c) {
    const n = c.loss.length;
    if (n < MIN || startsLate(c)) return [];
    const top = highest(c, Math.max(4, Math.ceil(n / 50)));
    const rise = c.loss[top]! - c.first;
    if (!(rise > Math.max(c.drop, 0) && c.log[top]! - c.log[0]! > SIGMAS * c.sigma)) return [];
    let back = top;
    while (back < n && c.level[back]! > c.log[0]!) back++;
    const returned = back < n;
    const soon = returned && back <= Math.max(MIN, n / 20);
    return [
      {
        steps: [c.steps[0]!, c.steps[Math.min(back, n - 1)]!],
        direction: returned ? "not-higher" : "lower",
        severity: !returned ? "critical" : soon ? "info" : "warning",
        evidence: {
          first: round(c.first),
          peak: round(c.loss[top]!),
          peakStep: c.steps[top]!,
          returned,
          returnedAtStep: returned ? c.steps[back]! : null,
          end: round(c.end),
        },
        advice: returned
          ? "The first updates threw the weights far off and the run then climbed back: begin with a warm-up, or lower the learning rate."
          : "The first updates threw the weights far off and the loss never came back to where it started: lower the learning rate 10× and start again; what was learnt since is not worth keeping.",
        alternatives: ["an initialisation far too large or too small", "a first batch unlike the others"],
        decide: "the gradient norm of the first steps, and the same start at a tenth of the rate",
      },
    ];
  },
};

/** Where the loss is highest in points 1 … `last`. */
function highest(c: Context, last: number): number {
  let top = 1;
  for (let i = 2; i <= last; i++) if (c.loss[i]! > c.loss[top]!) top = i;
  return top;
}
