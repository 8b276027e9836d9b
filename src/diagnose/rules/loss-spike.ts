/** Sudden rises that stand out of the curve: events, not points, classed by how they recover. */
import { type Context, round } from "../context.ts";
import { largest, madSigma, median, quantile, runningMedian } from "../stats.ts";
import type { Rule } from "./rule.ts";

export interface Spike {
  readonly from: number;
  readonly peak: number;
  /** First point back near the earlier level, or the last point of the run. */
  readonly to: number;
  readonly before: number;
  readonly recovery: "fast" | "slow" | "never";
  /** Points by which the gradient norm rose before the peak, and how far; null when it did not or was not logged. */
  readonly precursor: { readonly lead: number; readonly rise: number } | null;
}

const WINDOW = 31;
/** Points in a row near the earlier level that end an event. */
const CALM = 5;
const SIGMAS = 7;
const RISE = Math.log(1.1);
/** One short spike in so many points is what batches do, not what the rate does. */
const RARE = 1000;

const found = new WeakMap<Context, readonly Spike[]>();

/** The events of a run, oldest first; found once per context. */
export function spikes(c: Context): readonly Spike[] {
  const known = found.get(c);
  if (known) return known;
  const events = findSpikes(c);
  found.set(c, events);
  return events;
}

function findSpikes(c: Context): Spike[] {
  const n = c.log.length;
  if (n < 8) return [];
  const base = runningMedian(c.log, WINDOW, { trailing: true });
  const residual = c.log.map((v, i) => v - base[i]!);
  // quantiles of |N(0, σ)| and of the change of two such, from the calmer part: in a short excerpt most points may belong to the spike
  const changes = c.log.subarray(1).map((v, i) => Math.abs(v - c.log[i]!));
  const sigma = Math.max(
    Math.min(quantile(residual.map(Math.abs), 0.35) / 0.454, quantile(changes, 0.2) / 0.358),
    0.004,
  );
  const out: Spike[] = [];
  const warm = Math.min(10, n >> 2);
  for (let i = warm; i < n; i++) {
    if (!(residual[i]! > Math.max(SIGMAS * sigma, RISE))) continue;
    // a noisy stretch needs a larger jump
    const nearby = madSigma(residual.subarray(Math.max(0, i - WINDOW), i));
    if (!(residual[i]! > SIGMAS * nearby)) continue;
    const spike = follow(c, i, base[i]!, residual[i]!);
    out.push(spike);
    i = spike.to + CALM - 1;
  }
  return out;
}

/** From the first high point to the recovery: five points in a row within a tenth of the rise of the earlier level. */
function follow(c: Context, from: number, before: number, threshold: number): Spike {
  const n = c.log.length;
  let peak = from;
  let calm = 0;
  let to = n - 1;
  for (let i = from; i < n; i++) {
    if (c.log[i]! > c.log[peak]!) peak = i;
    const back = before + Math.max(Math.log(1.1), 0.15 * (c.log[peak]! - before), 0.25 * threshold);
    calm = c.log[i]! <= back ? calm + 1 : 0;
    if (calm === CALM) {
      to = i - CALM + 1;
      break;
    }
  }
  const recovered = calm >= 2; // a log that ends on its way back has the last two points there
  if (recovered && calm < CALM) to = n - calm;
  const recovery = !recovered ? "never" : to - peak <= 50 ? "fast" : "slow";
  return {
    from,
    peak,
    to,
    before: c.loss[Math.max(0, from - 1)]!,
    recovery,
    precursor: precursorOf(c, from, peak),
  };
}

function precursorOf(c: Context, from: number, peak: number): Spike["precursor"] {
  const g = c.gradNorm;
  if (!g) return null;
  const start = Math.max(0, from - 12);
  const usual = median(g.subarray(Math.max(0, from - 60), Math.max(from - 3, 1)).filter((v) => v > 0));
  for (let i = start; i < peak; i++) {
    if (g[i]! > 3 * usual && (i >= from || g[i + 1]! > 3 * usual || i === from - 1)) {
      const rise = largest(g.subarray(i, peak + 1)) / usual;
      return { lead: peak - i, rise: round(rise, 3) };
    }
  }
  return null;
}

/** Up at one point and back at the next, with every step logged: one batch, and nothing that the weights did. */
const isOneBatch = (c: Context, s: Spike): boolean =>
  s.from === s.peak && s.to - s.peak <= 1 && s.recovery === "fast" && c.steps[s.to]! - c.steps[s.from]! <= 1;

/** Rises that take more than a batch to come back from. */
const lasting = (c: Context): readonly Spike[] => spikes(c).filter((s) => !isOneBatch(c, s));

export const batchOutliers: Rule = {
  name: "batch-outliers",
  severity: "info",
  about: "three or more single batches with a high loss, back at the next step",
  needs: ["finite", "descent"],
  alerts: null,
  absorbs: [],
  notTheRate: false,
  direction: "neither",
  detect(c) {
    const single = spikes(c).filter((s) => isOneBatch(c, s));
    if (single.length < 3) return [];
    return [
      {
        steps: [c.steps[single[0]!.from]!, c.steps[single[single.length - 1]!.to]!],
        evidence: {
          batches: single.length,
          shareOfSteps: round(single.length / c.loss.length, 2),
          peakSteps: single.slice(0, 50).map((s) => c.steps[s.peak]!),
        },
        advice:
          "Single batches have a high loss, and the next step is back: the weights were not thrown off. Look at these batches for wrong labels or odd samples; leave the rate alone.",
        alternatives: ["a sampler that puts hard samples together"],
        decide: "the samples of these batches",
      },
    ];
  },
};

export const lossSpike: Rule = {
  name: "loss-spike",
  severity: "warning",
  about: "sudden rises, as events classed by recovery, with gradient-norm precursors",
  needs: ["finite", "descent"],
  alerts: "level",
  absorbs: [],
  notTheRate: false,
  direction: "neither",
  detect(c) {
    return lasting(c)
      .slice(0, 100)
      .map((s) => ({
        steps: [c.steps[s.from]!, c.steps[s.to]!] as const,
        severity:
          s.recovery === "never"
            ? ("critical" as const)
            : s.recovery === "fast"
              ? ("info" as const)
              : ("warning" as const),
        direction: s.recovery === "never" ? ("not-higher" as const) : ("neither" as const),
        evidence: {
          before: round(s.before),
          peak: round(c.loss[s.peak]!),
          peakStep: c.steps[s.peak]!,
          recovery: s.recovery,
          recovered: s.recovery !== "never",
          points: s.to - s.from,
          precursor: s.precursor !== null,
          precursorLead: s.precursor?.lead ?? null,
          gradNormRise: s.precursor?.rise ?? null,
        },
        advice:
          s.recovery === "never"
            ? "The loss did not come back: restore a checkpoint from before the spike, skip the batches around it, and lower the rate if it repeats."
            : "Recovered: keep going and watch. If spikes repeat at a constant rate, clip at the 90th percentile of the gradient norm or lower the rate 2–3×.",
        alternatives: ["a bad batch", "an evaluation or a resume logged in the same series"],
        decide: "the gradient norm of every step before the peak, and the batch at the peak",
      }));
  },
};

export const recurrentSpikes: Rule = {
  name: "recurrent-spikes",
  severity: "warning",
  about: "three or more spikes in one run, and not a few short ones among thousands of points",
  needs: ["finite", "descent"],
  alerts: null,
  absorbs: ["loss-spike"],
  notTheRate: false,
  direction: "lower",
  detect(c) {
    const events = lasting(c);
    const rare = events.length * RARE < c.loss.length && events.every((s) => s.recovery === "fast");
    if (events.length < 3 || rare) return [];
    return [
      {
        steps: [c.steps[events[0]!.from]!, c.steps[events[events.length - 1]!.to]!],
        evidence: {
          events: events.length,
          recovered: events.filter((s) => s.recovery !== "never").length,
          withPrecursor: events.filter((s) => s.precursor).length,
          peakSteps: events.slice(0, 50).map((s) => c.steps[s.peak]!),
        },
        advice:
          "Repeated spikes at a stable rate mean it is a little high for this curvature: lower it 2–3× or clip at the 90th percentile of the gradient norm.",
        alternatives: [
          "a few bad batches seen once an epoch",
          "Adam's second moment decaying too slowly: lower beta2",
        ],
        decide: "whether the spikes stop when the rate decays, and whether the same batches cause them",
      },
    ];
  },
};
