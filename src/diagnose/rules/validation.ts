/** Training against validation: overfitting, and losses scaled by accumulation. */
import { type Context, round, startsLate } from "../context.ts";
import { lastKnown } from "../gather.ts";
import { madSigma, median } from "../stats.ts";
import type { Found, Rule } from "./rule.ts";

interface Evaluations {
  readonly steps: Float64Array;
  readonly values: Float64Array;
  /** The training loss at these steps, smoothed. */
  readonly train: Float64Array;
}

function evaluations(c: Context): Evaluations | null {
  const v = c.run.validation;
  if (!v) return null;
  const keep = [...v.values.keys()].filter(
    (i) => Number.isFinite(v.values[i]!) && Number.isFinite(v.steps[i]!),
  );
  if (keep.length < 2 || c.loss.length === 0) return null;
  const steps = Float64Array.from(keep, (i) => v.steps[i]!);
  const smooth = c.level.map(() => 0);
  for (let i = 0; i < smooth.length; i++) smooth[i] = median(c.loss.subarray(Math.max(0, i - 4), i + 1));
  const train = lastKnown({ name: "", role: "loss", steps: c.steps, values: smooth }, steps);
  return { steps, values: Float64Array.from(keep, (i) => v.values[i]!), train };
}

/** How far above its minimum a validation has to stay: the least of many noisy values lies some deviations too low. */
const BEYOND_NOISE = 3;

/** Standard deviation of single evaluations about their trend: how far each lies from the middle of its neighbours. */
function noiseOf(values: Float64Array): number {
  const bends = values.subarray(2).map((v, i) => v - 2 * values[i + 1]! + values[i]!);
  return madSigma(bends) / Math.sqrt(6);
}

export const overfitting: Rule = {
  name: "overfitting",
  severity: "warning",
  about:
    "validation rises from its minimum by more than 5 % and its own noise for three evaluations while training falls",
  needs: ["finite", "descent", "validation"],
  alerts: null,
  absorbs: [],
  notTheRate: false,
  direction: "not-higher",
  detect(c) {
    const e = evaluations(c);
    if (!e || e.values.length < 4) return [];
    const n = e.values.length;
    const best = e.values.indexOf(e.values.reduce((a, b) => Math.min(a, b)));
    const lowest = e.values[best]!;
    const scale = Math.abs(lowest) || 1;
    const after = e.values.subarray(best + 1);
    const worse = after.filter((v) => v > lowest + 0.05 * scale).length;
    const end = e.values[n - 1]!;
    const falls = e.train[n - 1]! < e.train[best]!;
    const clear = lowest + Math.max(0.05 * scale, BEYOND_NOISE * noiseOf(e.values));
    if (worse < 3 || !(end > clear && median(after) > clear) || !falls) return [];
    const rise = (end - lowest) / scale;
    return [
      {
        steps: [e.steps[best]!, e.steps[n - 1]!],
        severity: rise > 0.5 ? "critical" : "warning",
        evidence: {
          bestValidation: round(lowest),
          bestStep: e.steps[best]!,
          lastValidation: round(end),
          lastStep: e.steps[n - 1]!,
          rise: round(rise, 3),
          evaluationsWorse: worse,
          lastTrain: round(e.train[n - 1]!),
        },
        advice: `Keep the checkpoint of step ${e.steps[best]!}; stop there, or add data, augmentation, weight decay or dropout. This is a verdict on capacity and data, not on the rate.`,
        alternatives: [
          "a validation set drawn from other data",
          "confidence growing while accuracy still improves",
        ],
        decide: "validation accuracy beside validation loss",
      },
    ];
  },
};

/** Evaluations that a claim needs, and how far above its first value the validation has to end. */
const EVALUATIONS = 4;
const ABOVE_START = 1.3;
/** Of what the training loss has fallen, the share that the validation must have missed: a set that was learnt is overfitted. */
const MISSED = 0.75;
/** A leap between two evaluations, as a share of the level, that stays. */
const LEAP = Math.log(2);

/** The validation stays above this share of the first training loss, and the training ends below that one. */
const UNLEARNT = 0.9;
const LEARNT = 0.3;
/** Further above the first training loss, the first validation is a sum or of another kind. */
const SAME_SCALE = 2;

type OwnWay = { readonly kind: "from-the-start" | "never-learnt" | "leap"; readonly at: number };

/** How the validation went its own way: never with the training, or away from it at one evaluation; null when it did not. */
function ownWay(c: Context, e: Evaluations): OwnWay | null {
  const n = e.values.length;
  const last = n - 1;
  if (!e.values.every((v) => v > 0)) return null;
  const lowest = e.values.reduce((a, b) => Math.min(a, b));
  const learnt = !startsLate(c) && c.first - lowest > (1 - MISSED) * (c.first - e.train[last]!);
  if (!learnt && lowest > 0.95 * e.values[0]! && e.values[last]! > ABOVE_START * e.values[0]!)
    return { kind: "from-the-start", at: 0 };
  const apart = lowest > UNLEARNT * c.first && e.values[0]! < SAME_SCALE * c.first;
  if (!startsLate(c) && apart && e.train[last]! < LEARNT * c.first) return { kind: "never-learnt", at: 0 };
  for (let i = 1; i <= n - 3; i++) {
    const was = median(e.values.subarray(Math.max(0, i - 3), i));
    const after = e.values.subarray(i).reduce((a, b) => Math.min(a, b));
    const calm = i < 2 || Math.abs(Math.log(e.values[i - 1]! / e.values[i - 2]!)) < LEAP / 3;
    if (i >= 2 && calm && Math.log(after / was) > LEAP && e.train[i]! < 1.1 * e.train[i - 1]!)
      return { kind: "leap", at: i };
  }
  return null;
}

export const validationDivergence: Rule = {
  name: "validation-divergence",
  severity: "critical",
  about:
    "validation rises from the start, never gets below the untrained model's loss, leaps away for good or is not finite, while the training loss falls",
  needs: ["finite", "descent", "validation"],
  alerts: null,
  absorbs: ["overfitting"],
  notTheRate: "even-good",
  direction: "not-higher",
  detect(c) {
    const broken = brokenValidation(c);
    if (broken) return [broken];
    const e = evaluations(c);
    if (!e || e.values.length < EVALUATIONS) return [];
    const last = e.values.length - 1;
    // training must fall by a tenth over the same evaluations, or end well below its first value
    if (!(e.train[last]! < 0.9 * Math.max(e.train[0]!, c.first))) return [];
    const found = ownWay(c, e);
    if (!found) return [];
    const from = e.steps[found.at]!;
    return [
      {
        steps: [from, e.steps[last]!],
        evidence: {
          kind: found.kind,
          firstValidation: round(e.values[0]!),
          lastValidation: round(e.values[last]!),
          firstTrain: round(c.first),
          lastTrain: round(e.train[last]!),
        },
        advice:
          found.kind === "from-the-start"
            ? "The validation loss has risen since the start while the training loss falls. What is learnt does not hold on the validation data. Compare how both sets are read: labels and their order, normalisation, the mode of batch norm and dropout (model.eval())."
            : found.kind === "never-learnt"
              ? "The validation loss never gets clearly below the first training loss, that of an untrained model, while the training loss falls far below it. The model learns its rows by heart. Look for labels that do not belong to their rows, for a column that is different in every row (a name, a date, an identifier), for validation rows read in another way, or give more training rows."
              : `At step ${from} the validation loss leaps away from the training loss and stays. Look for what changed there: statistics of batch norm, weights that are averaged or loaded for the evaluation, the validation data.`,
        alternatives: ["too few training examples, learnt by heart at once"],
        decide: "the loss of a training batch, computed by the validation code",
      },
    ];
  },
};

/** Validation that ends without a finite value while the training loss has one. */
function brokenValidation(c: Context): Found | null {
  const v = c.run.validation;
  const n = v?.values.length ?? 0;
  if (!v || n < 3 || c.nonFinite.length > 0) return null;
  let from = n;
  while (from > 0 && !Number.isFinite(v.values[from - 1]!)) from--;
  if (n - from < 2) return null;
  return {
    steps: [v.steps[from]!, v.steps[n - 1]!],
    evidence: { kind: "not-finite", evaluations: n - from, lastTrain: round(c.end) },
    advice: `From step ${v.steps[from]!} on the validation loss is not finite, and the training loss is. The weights are finite, so look at the evaluation: a mean over no examples, half precision, statistics of batch norm, examples with missing values.`,
    alternatives: ["weights that broke after the last training loss"],
    decide: "the validation loss of each example at the last checkpoint",
  };
}

export const loggingArtefact: Rule = {
  name: "logging-artefact",
  severity: "warning",
  about: "training loss a whole multiple of validation loss from the start: summed over accumulation steps",
  needs: ["finite", "descent", "validation"],
  alerts: null,
  absorbs: [],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    const e = evaluations(c);
    if (!e || e.values.length < 3) return [];
    const ratios = e.values.map((v, i) => e.train[i]! / v);
    const ratio = median(ratios);
    const factor = Math.round(ratio);
    const spread = madSigma(ratios) / Math.abs(ratio);
    if (
      !(factor >= 2 && spread < 0.1 && Math.abs(ratio - factor) < 0.1 * factor && ratios[0]! > 0.75 * ratio)
    )
      return [];
    return [
      {
        steps: [e.steps[0]!, e.steps[e.steps.length - 1]!],
        evidence: { trainOverValidation: round(ratio, 3), factor, spread: round(spread, 3) },
        advice: `The logged training loss is about ${factor}× the validation loss throughout: divide it by the gradient accumulation steps, and check whether the gradients are scaled the same way.`,
        alternatives: [
          "heavy dropout or augmentation in training only",
          "another reduction (sum) in the training loss",
        ],
        decide: "the training loss of one batch evaluated by the validation code",
      },
    ];
  },
};
