/** A loss that fell a little and then rests far above zero although the rate stays up: something but the rate holds it. */
import { type Context, round, span } from "../context.ts";
import { largest, madSigma, median } from "../stats.ts";
import type { Rule } from "./rule.ts";

/** Of the first loss, what is high, and what has hardly left its start. */
const HIGH = 0.5;
const HARDLY_LEFT = 0.9;
/** Of the whole fall: what may still come after the middle where a loss rests; a fall by the logarithm of the steps brings more. */
const RESTS = 0.06;
/** Of its peak, what the rate must keep, lest its decay be what stops the loss. */
const UP = 0.5;

/** Where the loss came to rest, its levels, and what the gradient norm became; null when it does not rest high. */
function rest(c: Context): { from: number; middle: number; late: number; gradient: number | null } | null {
  const n = c.loss.length;
  if (n < 60 || !(c.first > 0) || c.nonFinite.length > 0) return null;
  const lowestRate = UP * (c.lr ? largest(c.lr) : 0);
  if (c.lr?.subarray(n >> 1).some((v) => !(v >= lowestRate))) return null;
  const part = (a: number, b: number): Float64Array => c.loss.subarray(Math.floor(a * n), Math.floor(b * n));
  const [middle, late] = [median(part(0.45, 0.6)), median(part(0.85, 1))];
  const drop = c.first - late;
  // a median's error is a quarter larger than a mean's
  const error = (1.25 * madSigma(part(0.5, 1)) * Math.SQRT2) / Math.sqrt(0.15 * n);
  if (!(late > HIGH * c.first && drop > 0 && error < RESTS * drop)) return null;
  if (!(Math.abs(middle - late) < RESTS * drop)) return null;
  const from = c.loss.findIndex((v) => v <= late + 0.1 * drop);
  const g = c.gradNorm?.filter((v) => v >= 0);
  const tenth = g ? Math.max(5, Math.floor(g.length / 10)) : 0;
  const gradient =
    g && g.length >= 20 ? median(g.subarray(g.length - tenth)) / median(g.subarray(0, 5)) : null;
  return { from, middle, late, gradient };
}

export const restsHigh: Rule = {
  name: "rests-high",
  severity: "info",
  about: "the loss falls a little and then rests far above zero, although the rate stays up",
  needs: ["finite", "start", "descent"],
  alerts: null,
  absorbs: ["slow-progress"],
  notTheRate: false,
  direction: "neither",
  detect(c) {
    const found = rest(c);
    if (!found) return [];
    const { from, late, gradient } = found;
    const share = late / c.first;
    const hardly = share > HARDLY_LEFT;
    const arrives =
      gradient === null
        ? ""
        : gradient < 0.01
          ? " Hardly any gradient arrives any more, so look at the units first."
          : " Gradients still arrive, so look at the weight decay and the labels first.";
    return [
      {
        steps: span(c, from),
        severity: hardly ? "warning" : "info",
        direction: hardly ? "not-higher" : "neither",
        evidence: {
          first: round(c.first),
          restsAt: round(late),
          share: round(share, 2),
          gradientNormRatio: gradient === null ? null : round(gradient, 2),
        },
        advice: `The loss rests at ${round(late, 3)}, ${Math.round(100 * share)} % of its first value, and the learning rate is not what stops it. If the task can be learnt better than that, something holds the loss up: a weight decay that is too strong, units that are dead or saturated, layers that are frozen or detached, strong dropout, or labels that do not belong to their inputs.${arrives}`,
        alternatives: ["noise in the targets, below which no model comes", "a rate far too high"],
        decide:
          "the norms of weights and gradients by layer, and whether the run can learn ten examples by heart",
      },
    ];
  },
};
