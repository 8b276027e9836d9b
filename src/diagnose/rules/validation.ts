/** Training against validation: overfitting, and losses scaled by accumulation. */
import { type Context, round } from "../context.ts";
import { lastKnown } from "../gather.ts";
import { madSigma, median } from "../stats.ts";
import type { Rule } from "./rule.ts";

function evaluations(c: Context): { steps: Float64Array; values: Float64Array; train: Float64Array } | null {
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

export const overfitting: Rule = {
  name: "overfitting",
  severity: "warning",
  about: "validation rises more than 5 % from its minimum for three evaluations while training falls",
  needs: ["finite", "descent"],
  alerts: null,
  absorbs: [],
  notTheRate: false,
  direction: "not-higher",
  detect(c) {
    const e = evaluations(c);
    if (!e || e.values.length < 4) return [];
    const n = e.values.length;
    const best = e.values.indexOf(e.values.reduce((a, b) => Math.min(a, b)));
    const least = e.values[best]!;
    const scale = Math.abs(least) || 1;
    const after = e.values.subarray(best + 1);
    const worse = after.filter((v) => v > least + 0.05 * scale).length;
    const end = e.values[n - 1]!;
    const falls = e.train[n - 1]! < e.train[best]!;
    if (worse < 3 || !(end > least + 0.05 * scale) || !falls) return [];
    const rise = (end - least) / scale;
    return [
      {
        steps: [e.steps[best]!, e.steps[n - 1]!],
        severity: rise > 0.5 ? "critical" : "warning",
        evidence: {
          bestValidation: round(least),
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

export const loggingArtefact: Rule = {
  name: "logging-artefact",
  severity: "warning",
  about: "training loss a whole multiple of validation loss from the start: summed over accumulation steps",
  needs: ["finite", "descent"],
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
