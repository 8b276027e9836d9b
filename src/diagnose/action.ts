/** What to do after a verdict: a factor for the rate, or the cheapest experiment that decides between several. */
import type { Context } from "./context.ts";
import { growth } from "./rules/growth.ts";
import { median } from "./stats.ts";
import type { Action, RateVerdict } from "./types.ts";

export const NO_ACTION: Action = { lr: null, text: "No change of the learning rate follows from this log." };

export function actionFor(verdict: RateVerdict, c: Context): Action {
  switch (verdict) {
    case "too-high":
      return reduce(c);
    case "slightly-high":
      return { lr: { multiply: 0.4 }, text: "Reduce the learning rate 2–3×." };
    case "good":
      return { lr: { multiply: 1 }, text: "Keep the learning rate." };
    case "too-low": {
      // hardly any way covered, and no slower at the end: the table's tenfold; otherwise half a decade
      const far = c.first > 0 && c.end > 0.8 * c.first && !flattens(c);
      return far
        ? {
            lr: { multiply: 10 },
            text: "Increase the learning rate 10×, or run a range test. If gradients are clipped or layers are frozen, see to that first.",
          }
        : {
            lr: { multiply: 3 },
            text: "Increase the learning rate about 3×, or use a schedule with a higher peak.",
          };
    }
  }
}

/** Less than a third as much is gained in the last third as in the first, from the middles of ninths. */
function flattens({ log }: Context): boolean {
  const ninth = Math.max(1, Math.floor(log.length / 9));
  const at = (k: number): number => median(log.subarray(k * ninth, (k + 1) * ninth));
  return at(6) - at(8) < (at(0) - at(2)) / 3;
}

/** The computed dose for a clean divergence (twice the edge: the fastest decrease), else the table's tenth. */
export function reduce(c: Context): Action {
  const grown = growth(c);
  if (!grown) return { lr: { multiply: 0.1 }, text: "Reduce the learning rate 10×." };
  const multiply = Number((1 / (2 * grown.edge)).toPrecision(3));
  return {
    lr: { multiply },
    text: `Divide the learning rate by ${Number((2 * grown.edge).toPrecision(3))}: the loss grows ×${Number(grown.ratio.toPrecision(3))} a step, which puts the rate ${Number(grown.edge.toPrecision(3))}× over the edge of stability.`,
  };
}

/** No factor for the rate, but something else to see to first. */
export const seeTo = (title: string): Action => ({
  lr: null,
  text: `See to the finding "${title}" first. Alone, this log gives no factor for the learning rate.`,
});

/** Either verdict that is left keeps the rate, and something else comes first. */
export const keepAndSee = (title: string): Action => ({
  lr: null,
  text: `Do not raise the learning rate. See to the finding "${title}" first.`,
});

/** One run that tells neighbours apart, a range test for what lies on both sides. The rate stays until then. */
export function experiment(verdicts: readonly RateVerdict[]): Action {
  const has = (v: RateVerdict): boolean => verdicts.includes(v);
  const low = has("too-low");
  const high = has("slightly-high") || has("too-high");
  // a run that may well be healthy is not to be changed before it is known
  const run = verdicts[0] === "good" ? "Nothing has to change now. To be sure, run" : "Run";
  const text =
    low && high
      ? "The rate may be too low or too high. A range test decides: steepest find-lr RUN_FILE, or steepest find-lr -- COMMAND --lr {lr} for a program of your own."
      : low
        ? `${run} it once more at twice the rate, for the same number of steps. If that run ends lower, the rate was too low; if not, keep the rate.`
        : has("good")
          ? `${run} it once more at half the rate, for the same number of steps. If that run ends lower, the rate was too high; if not, keep the rate.`
          : "The rate is too high, but how far is not clear. Run it at a third and at a tenth of the rate, and keep the run that ends lower.";
  return { lr: null, text };
}
