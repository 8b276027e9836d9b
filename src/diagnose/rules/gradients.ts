/** What the gradient norm, the clip and the loss scale say. */
import { round, span } from "../context.ts";
import { median, quantile, theilSen } from "../stats.ts";
import type { Rule } from "./rule.ts";

export const explodingGradient: Rule = {
  name: "exploding-gradient",
  severity: "warning",
  about: "the gradient norm grows by orders of magnitude and does not return",
  needs: ["finite", "gradNorm"],
  alerts: "gradient",
  absorbs: [],
  notTheRate: false,
  direction: "not-higher",
  detect(c) {
    const all = c.gradNorm;
    const g = all?.filter((v) => v >= 0);
    if (!g || g.length < 5) return [];
    const infinite = c.run.gradNorm!.some((v) => v === Number.POSITIVE_INFINITY);
    const tail = g.subarray(g.length - Math.max(2, Math.floor(g.length / 20)));
    const usual = median(g.subarray(0, Math.max(3, Math.floor(g.length * 0.8))));
    const rise = median(tail) / usual;
    const log = g.map((v) => Math.log(v + 1e-300));
    const growing =
      theilSen(
        log.map((_, i) => i),
        log,
      ) > 0;
    const alongWithLoss = c.end >= c.first || c.end - c.lowest > 0.1 * c.drop || c.nonFinite.length > 0;
    if (!infinite && !(rise > 10 && growing && alongWithLoss)) return [];
    return [
      {
        steps: span(c, Math.max(0, c.steps.length - tail.length)),
        severity: infinite || rise > 100 ? "critical" : "warning",
        evidence: { usual: round(usual), end: round(median(tail)), rise: round(rise, 3), infinite },
        advice:
          "Clip the global gradient norm at its 90th percentile in the healthy part; if more than half of the updates would be clipped, lower the rate instead.",
        alternatives: ["a recurrent network over long sequences", "an overflow of half precision"],
        decide: "the gradient norm of each layer",
      },
    ];
  },
};

export const vanishingGradient: Rule = {
  name: "vanishing-gradient",
  severity: "warning",
  about: "the gradient norm falls to a ten-thousandth while the loss stays high",
  needs: ["finite", "gradNorm"],
  alerts: null,
  absorbs: [],
  notTheRate: false,
  direction: "not-higher",
  detect(c) {
    const g = c.gradNorm?.filter((v) => v >= 0);
    if (!g || g.length < 20) return [];
    const start = median(g.subarray(0, 5));
    const end = median(g.subarray(g.length - Math.max(5, Math.floor(g.length / 10))));
    const high = c.end > 0.5 * c.first && c.first > 0;
    if (!(start > 0 && end < 1e-4 * start && high)) return [];
    return [
      {
        steps: span(c),
        evidence: { start: round(start), end: round(end), ratio: round(end / start, 3), loss: round(c.end) },
        advice:
          "Almost no gradient arrives although the loss is high: saturated or dead units. Restart with a lower rate or a warm-up, and look at the activations.",
        alternatives: ["a true minimum of a loss with a high floor", "masked or detached parameters"],
        decide: "the share of zero activations in each layer",
      },
    ];
  },
};

export const clipping: Rule = {
  name: "clipping",
  severity: "warning",
  about: "most updates are clipped, or the logged norm sits at the clip value",
  needs: ["finite"],
  alerts: null,
  absorbs: [],
  notTheRate: false,
  direction: "not-higher",
  detect(c) {
    const logged = c.run.log.series.find((s) => s.role === "clippedShare" && s.values.length >= 5);
    const g = c.gradNorm?.filter((v) => v > 0);
    const top = g && g.length >= 20 ? quantile(g, 0.95) : Number.NaN;
    const atTop = g ? g.filter((v) => Math.abs(v - top) < 2e-3 * top).length / g.length : 0;
    const finite = logged?.values.filter(Number.isFinite);
    const scale = finite?.some((v) => v > 1.5) ? 100 : 1; // per cent or share
    const share =
      finite && finite.length > 0 ? finite.reduce((a, v) => a + v / finite.length, 0) / scale : atTop;
    if (!(share > 0.5)) return [];
    return [
      {
        steps: span(c),
        evidence: {
          share: round(share, 3),
          from: logged ? logged.name : "gradient norms equal to their maximum",
          clipValue: logged ? null : round(top),
        },
        advice:
          "More than half of the updates are clipped, so the clip, not the rate, sets the step: lower the rate or raise the clip.",
        alternatives: ["a clip value set for another model size", "a normalised gradient by design"],
        decide: "the gradient norm before clipping",
      },
    ];
  },
};

export const lossScale: Rule = {
  name: "loss-scale-collapse",
  severity: "critical",
  about: "the loss scale of mixed precision falls again and again",
  needs: ["lossScale"],
  alerts: "scale",
  absorbs: [],
  notTheRate: false,
  direction: "not-higher",
  detect(c) {
    const s = c.run.log.series.find((x) => x.role === "lossScale" && x.values.length >= 3);
    if (!s) return [];
    const v = s.values.filter((x) => x > 0);
    if (v.length < 3) return [];
    const top = v.indexOf(v.reduce((a, b) => Math.max(a, b)));
    const end = v[v.length - 1]!;
    let halvings = 0;
    for (let i = top + 1; i < v.length; i++) if (v[i]! < 0.75 * v[i - 1]!) halvings++;
    if (!(end <= v[top]! / 32 && halvings >= 3)) return [];
    return [
      {
        steps: [s.steps[top]!, s.steps[s.steps.length - 1]!],
        evidence: { highest: v[top]!, end, halvings },
        advice:
          "Gradients overflow at ever smaller scales: the run is about to fail. Use bfloat16, lower the rate, or restart from before the scale began to fall.",
        alternatives: ["a scaler that starts far too high (only the first steps fall)"],
        decide: "the gradient norm at the halvings",
      },
    ];
  },
};
