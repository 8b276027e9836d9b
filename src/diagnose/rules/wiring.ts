/** Faults of the training loop that look like rates: gradients that are never zeroed, a loss that is summed. */
import { type Context, round, span } from "../context.ts";
import { median } from "../stats.ts";
import { plateauKind } from "./plateau.ts";
import type { Rule } from "./rule.ts";

/** First steps looked at; each must be logged. */
const STEPS = 12;

/**
 * Without zero_grad the gradient is a sum that gains one term a step. While the loss stays where it began, the terms are
 * alike, so the norm rises by equal amounts. A network that begins to learn gains by factors, not by equal amounts.
 */
function gainPerStep(c: Context): number | null {
  const g = c.gradNorm?.subarray(0, STEPS);
  if (!g || g.length < STEPS || c.steps[0]! > 1) return null;
  for (let i = 0; i < STEPS; i++) {
    if (!(g[i]! > 0) || c.steps[i]! - c.steps[0]! !== i) return null;
    if (i > 0 && !(g[i]! > g[i - 1]!)) return null;
    if (Math.abs(c.loss[i]! - c.first) > 0.1 * Math.abs(c.first)) return null;
  }
  const gain = (g[STEPS - 1]! - g[0]!) / (STEPS - 1);
  const off = g.map((v, i) => Math.abs(v - g[0]! - i * gain));
  return g[STEPS - 1]! > 4 * g[0]! && Math.max(...off) < 0.12 * (g[STEPS - 1]! - g[0]!) ? gain : null;
}

export const gradientsNotZeroed: Rule = {
  name: "gradients-not-zeroed",
  severity: "critical",
  about: "the gradient norm rises by the same amount from step to step, as a sum that is never cleared",
  needs: ["finite", "start", "descent", "gradNorm"],
  alerts: null,
  absorbs: ["divergence", "loss-spike", "recurrent-spikes", "exploding-gradient"],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    const gain = gainPerStep(c);
    if (gain === null) return [];
    const g = c.gradNorm!;
    return [
      {
        steps: span(c, 0, STEPS - 1),
        evidence: {
          firstNorm: round(g[0]!),
          normAfter12Steps: round(g[STEPS - 1]!),
          gainPerStep: round(gain, 3),
        },
        advice:
          "The gradient norm grows by the same amount in each of the first steps while the loss stays. Gradients are added to the old ones: call zero_grad() once for every optimizer step.",
        alternatives: ["gradient accumulation whose optimizer steps the log counts wrongly"],
        decide: "the gradient norm of one batch, computed twice in a row",
      },
    ];
  },
};

const BATCHES = [8, 16, 32, 64, 128, 256, 512];
const CLASSES = [10, 100, 1000];

/** How near a batch size the ratio of training to validation loss must be to tell the batch size. */
const RATIO = 0.25;
/** How near: the first loss of an untrained classifier is within about a half per cent of ln k, and 5 % when k is known. */
const NEAR = 0.005;

/** The training loss about the first evaluation. */
function trainBeside(c: Context): number {
  const at = c.run.validation!.steps[0]!;
  const near = c.loss.filter((_, i) => Math.abs(c.steps[i]! - at) <= Math.max(10, 0.2 * at));
  return median(near);
}

export const summedLoss: Rule = {
  name: "summed-loss",
  severity: "warning",
  about: "the first loss is the batch size times ln k: summed over the batch, not averaged",
  needs: ["finite", "start", "descent"],
  alerts: null,
  absorbs: [],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    // a loss that has not moved yet is known more exactly than by one point
    const start = plateauKind(c)?.kind === "stuck" ? median(c.loss) : c.first;
    const first = c.run.validation?.values[0];
    const averaged = first !== undefined && first > 0 && first < start / 4 ? first : null;
    const ratio = averaged === null ? Number.NaN : trainBeside(c) / averaged;
    for (const classes of CLASSES)
      for (const batch of BATCHES) {
        const expected = batch * Math.log(classes);
        const known =
          (averaged !== null && Math.abs(averaged / Math.log(classes) - 1) < 0.05) ||
          Math.abs(ratio / batch - 1) < RATIO;
        // the more sizes are meant, the more losses in other units begin near one: without a mean beside it, ten classes
        const near = known ? 0.05 : classes === 10 ? NEAR : 0;
        if (Math.abs(start / expected - 1) < near)
          return [
            {
              steps: span(c, 0, 0),
              evidence: { first: round(start), batch, classes, lnOfClasses: round(Math.log(classes)) },
              advice: `The loss begins at ${round(start)}, which is ${batch} × ln ${classes}: it looks like a sum over a batch of ${batch}, not a mean. The gradient is then ${batch} times as large, and the rate means something else: use the mean (reduction="mean"), then judge the rate.`,
              alternatives: ["a squared error in large units that begins there by chance"],
              decide: "the batch size, and the loss of one batch divided by it",
            },
          ];
      }
    return [];
  },
};

/** Class counts of which the two ends of such a loss are far apart. */
const SOFTENED = [2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 50, 64, 100, 128, 200, 256, 512, 1000];

export const softmaxTwice: Rule = {
  name: "softmax-twice",
  severity: "warning",
  about:
    "the loss begins at ln k, comes down to ln(e + k − 1) − 1 and never below: a softmax before a loss that has its own",
  needs: ["finite", "start", "descent"],
  alerts: null,
  absorbs: ["rests-high", "plateau"],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    if (c.loss.length < 30) return [];
    const lowest = c.loss.reduce((a, b) => Math.min(a, b));
    for (const classes of SOFTENED) {
      const start = Math.log(classes);
      // probabilities lie in 0 … 1, so that of the right class is at most e / (e + k − 1) after a second softmax
      const floor = Math.log(Math.E + classes - 1) - 1;
      const range = start - floor;
      if (Math.abs(c.first - start) > 0.05 * range) continue;
      if (lowest < floor - 1e-3 * range || lowest > floor + 0.02 * range || c.end > floor + 0.15 * range)
        continue;
      return [
        {
          steps: span(c),
          evidence: { first: round(c.first), lowest: round(lowest), classes, floor: round(floor) },
          advice: `The loss goes from ln ${classes} to ${round(floor, 3)} and never below. That is the lowest value where a softmax stands before a loss that has a softmax of its own, with ${classes} classes. Give the loss the logits: take the softmax out of the model.`,
          alternatives: ["a loss that comes to rest there by chance"],
          decide: "whether the network's outputs add up to 1 for each example",
        },
      ];
    }
    return [];
  },
};
