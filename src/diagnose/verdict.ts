/** Features and findings → one of the lesson's four rows, or `inconclusive`, with a calibrated confidence. */
import { type Context, startsLate } from "./context.ts";
import { FEATURES, FEWEST_POINTS, type FeatureName, features } from "./features.ts";
import { growth } from "./rules/growth.ts";
import { RULES } from "./rules/index.ts";
import { FEWEST_BEFORE_NAN, nonFiniteKind } from "./rules/non-finite.ts";
import type { Action, Finding, Verdict, VerdictName } from "./types.ts";
import { probabilities } from "./verdict-model.ts";
import { VERDICT_MODEL } from "./verdict-weights.ts";
import { titleOf } from "./words.ts";

/** The classes in the order of the fitted model. */
const CLASSES = ["too-low", "good", "slightly-high", "too-high"] as const;
const NAMES = Object.keys(FEATURES) as FeatureName[];
/** A shorter run is judged on its warm-up alone; the model has seen none under 300. */
const FEWEST_STEPS = 50;
/** Share of runs that became non-finite by divergence whose rate was too high: all 112 of the made runs (rule of succession). */
const DIVERGED = 0.98;
const NOT_THE_RATE = new Set(RULES.filter((r) => r.notTheRate).map((r) => r.name));

/**
 * The loss left its first value upwards and never came back: no order of the data, no staircase and no change of
 * logging makes a curve do that, so nothing of the kind excuses the rate.
 */
function ranAway(c: Context): boolean {
  const n = c.loss.length;
  if (n < FEWEST_POINTS || startsLate(c) || !(c.first > 0)) return false;
  return c.loss.subarray(Math.ceil(n / 20)).reduce((a, b) => Math.min(a, b)) > 1.5 * c.first;
}

export function decide(c: Context, findings: readonly Finding[]): Verdict {
  const broken = nonFiniteKind(c);
  if (broken?.kind === "diverged") return high(c, "The loss rose and then became non-finite.");
  if (broken && c.loss.length < FEWEST_BEFORE_NAN)
    return unsure(
      `The loss became non-finite at step ${broken.step}, and there is too little before it to tell why.`,
    );
  if (broken)
    return unsure(
      `The loss became non-finite at step ${broken.step} without rising first: precision or data, not the rate.`,
    );
  const away = ranAway(c);
  const excuse = away ? undefined : findings.find((f) => NOT_THE_RATE.has(f.id));
  const n = c.loss.length;
  if (n < FEWEST_POINTS) return unsure(`${n} points of loss are too few for a verdict.`);
  const passed = c.steps[n - 1]! - c.steps[0]!;
  if (c.run.log.stepUnit === "step" && passed < FEWEST_STEPS)
    return unsure(`${passed} steps are too few for a verdict.`);
  const lr = c.lr;
  const x = features({ steps: c.steps, loss: c.loss, lr, gradNorm: c.run.gradNorm })!;
  const seen = probabilities(
    VERDICT_MODEL,
    NAMES.map((k) => x[k]),
  );
  const p = away || findings.some((f) => f.id === "divergence") ? onlyHigh(seen) : seen;
  const top = p.indexOf(Math.max(...p));
  const verdict = CLASSES[top]!;
  const all = Object.fromEntries(
    CLASSES.map((name, k) => [name, Number(p[k]!.toFixed(3))]),
  ) as Verdict["probabilities"];
  if (excuse && verdict !== "good")
    return {
      ...unsure(`The curve's shape is not the rate's doing (${titleOf(excuse.id)}).`),
      probabilities: all,
    };
  if (startsLate(c))
    return {
      ...unsure("The log starts in the middle of a run; how far the loss had come is not in it."),
      probabilities: all,
    };
  const confidence = Number(p[top]!.toFixed(3));
  const action = actionFor(verdict, c);
  // a smooth curve alone can't exclude a rate that is too low
  const probe =
    verdict === "good" && p[0]! > 0.1
      ? " A run at twice the rate would tell whether it could be higher."
      : "";
  return {
    verdict,
    confidence,
    action: { ...action, text: action.text + probe },
    reason: REASONS[verdict],
    probabilities: all,
  };
}

/** Of 142 made runs with a divergence that stayed finite, 29 were slightly high, 113 too high, and none lower. */
function onlyHigh([, , slightly = 0, too = 0]: readonly number[]): number[] {
  const [a, b] = [slightly + 0.05 * (29 / 142), too + 0.05 * (113 / 142)];
  return [0, 0, a / (a + b), b / (a + b)];
}

const NO_ACTION: Action = { lr: null, text: "No change of the learning rate follows from this log." };

const REASONS: Readonly<Record<Exclude<VerdictName, "inconclusive">, string>> = {
  "too-high": "The loss jumps, or stays where a rate this high leaves it.",
  "slightly-high": "The loss gets down but is held above what a lower rate would reach.",
  good: "The loss falls and what another rate could add is small.",
  "too-low": "The loss is still on its way: a higher rate would have come further in the same steps.",
};

function actionFor(verdict: VerdictName, c: Context): Action {
  switch (verdict) {
    case "too-high":
      return reduce(c);
    case "slightly-high":
      return { lr: { multiply: 0.4 }, text: "Reduce the learning rate 2–3×." };
    case "good":
      return { lr: { multiply: 1 }, text: "Keep the learning rate." };
    case "too-low": {
      // hardly any way covered: the table's tenfold; otherwise half a decade
      const far = c.first > 0 && c.end > 0.8 * c.first;
      return far
        ? { lr: { multiply: 10 }, text: "Increase the learning rate 10×, or run a range test." }
        : {
            lr: { multiply: 3 },
            text: "Increase the learning rate about 3×, or use a schedule with a higher peak.",
          };
    }
    case "inconclusive":
      return NO_ACTION;
  }
}

/** The computed dose for a clean divergence (twice the edge: the fastest decrease), else the table's tenth. */
function reduce(c: Context): Action {
  const grown = growth(c);
  if (!grown) return { lr: { multiply: 0.1 }, text: "Reduce the learning rate 10×." };
  const multiply = Number((1 / (2 * grown.edge)).toPrecision(3));
  return {
    lr: { multiply },
    text: `Divide the learning rate by ${Number((2 * grown.edge).toPrecision(3))}: the loss grows ×${Number(grown.ratio.toPrecision(3))} a step, which puts the rate ${Number(grown.edge.toPrecision(3))}× over the edge of stability.`,
  };
}

function high(c: Context, reason: string): Verdict {
  const action = reduce(c);
  return {
    verdict: "too-high",
    confidence: DIVERGED,
    action: { ...action, text: `${action.text} Restore a checkpoint from before the rise.` },
    reason,
    probabilities: null,
  };
}

export function unsure(reason: string): Verdict {
  return { verdict: "inconclusive", confidence: 0, action: NO_ACTION, reason, probabilities: null };
}
