/** Runs in which nothing is learnt, and runs that are not at their rate yet: both look like rates that are too low. */
import { round, span } from "../context.ts";
import { largest, madSigma, mean, median } from "../stats.ts";
import { plateauKind } from "./plateau.ts";
import type { Rule } from "./rule.ts";
import { hiddenByNoise } from "./still.ts";

/** How near the level must be to ln k; for a large k the next one is nearer than that, so only common sizes are meant. */
const NEAR = 0.003;
const CLASSES = [2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 50, 64, 100, 128, 200, 256, 512, 1000, 1024];
const VOCABULARIES = [32_000, 50_257, 50_304, 128_256, 151_936];

export const chanceLevel: Rule = {
  name: "chance-level",
  severity: "warning",
  about: "the loss rests at ln k, that of guessing among k classes, and never leaves it",
  needs: ["finite", "descent"],
  alerts: null,
  absorbs: ["plateau"],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    if (plateauKind(c)?.kind !== "stuck") return [];
    const level = median(c.loss);
    const k = [...CLASSES, ...VOCABULARIES].find((n) => Math.abs(level - Math.log(n)) < NEAR * Math.log(n));
    if (k === undefined) return [];
    return [
      {
        steps: span(c),
        evidence: { level: round(level), classes: k, lnOfClasses: round(Math.log(k)) },
        advice: `The loss stays at ${round(level)}, which is ln ${k}: that of guessing among ${k} classes. Check that labels belong to their inputs, that the parameters are trained (requires_grad, the optimizer's groups), and that the gradient norm is above 0.`,
        alternatives: [
          "a rate that is far too low",
          "a rate so high that the first steps killed the network",
        ],
        decide: "whether the run can learn ten examples by heart",
      },
    ];
  },
};

/** The variance of standardised targets, and half of it; how near in standard errors, and how exact the mean must be. */
const VARIANCES = [1, 0.5];
const ERRORS = 2.5;
const EXACT = 0.03;
const CLASSIFIES = /cross|entropy|\bce\b|nll|bce|logloss|perplexity/i;

export const targetVariance: Rule = {
  name: "target-variance",
  severity: "warning",
  about:
    "the loss rests at 1 or ½, the error of a network that answers with the mean of standardised targets",
  needs: ["finite", "start", "descent"],
  alerts: null,
  absorbs: ["plateau", "slow-progress"],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    const n = c.loss.length;
    if (n < 30 || CLASSIFIES.test(c.run.names.loss)) return [];
    if (plateauKind(c)?.kind !== "stuck" && !hiddenByNoise(c)) return [];
    const level = mean(c.loss);
    const error = madSigma(c.loss) / Math.sqrt(n);
    const variance = VARIANCES.find(
      (v) => Math.abs(level - v) < Math.max(ERRORS * error, 0.01 * v) && error < EXACT * v,
    );
    if (variance === undefined) return [];
    return [
      {
        steps: span(c),
        evidence: { level: round(level), error: round(error, 2), variance },
        advice: `The loss stays at ${round(level, 3)}. A network that gives the mean for every input has a squared error of ${variance} when the targets are standardised${variance === 1 ? "" : " and the error is halved"}. Check that targets belong to their inputs, that the units are not dead, and that the parameters are trained (requires_grad, the optimizer's groups).`,
        alternatives: ["a loss that is there by chance", "a rate that is far too low"],
        decide:
          "the variance of the targets, the spread of the network's outputs, and whether it can learn ten examples by heart",
      },
    ];
  },
};

/** Gradient norms looked at, and the share of the run that they must be 0 for. */
const NORMS = 10;
const WITHOUT = 0.2;

export const zeroGradient: Rule = {
  name: "zero-gradient",
  severity: "critical",
  about: "the gradient norm is exactly 0 up to the end while the loss is not",
  needs: ["finite", "descent", "gradNorm"],
  alerts: null,
  absorbs: ["plateau", "chance-level", "target-variance", "vanishing-gradient"],
  notTheRate: "even-good",
  direction: "neither",
  detect(c) {
    const g = c.gradNorm;
    const n = c.loss.length;
    if (!g || c.run.validation?.name === c.run.names.loss) return [];
    let [from, zeros] = [n, 0];
    while (from > 0 && !(g[from - 1]! > 0)) if (g[--from] === 0) zeros++;
    if (zeros < NORMS || n - from < WITHOUT * n) return [];
    // a loss that has come to 0 has no gradient either
    if (!(Math.abs(c.end) > 0.05 * Math.abs(c.first))) return [];
    const always = from === 0;
    return [
      {
        steps: span(c, from),
        evidence: { norms: zeros, level: round(c.end), fromStep: c.steps[from]! },
        advice: always
          ? "The gradient norm is 0 at every step, so nothing is trained. Look for a detach() or no_grad() between the parameters and the loss, for parameters that are frozen, and for a network whose units are all dead."
          : `From step ${c.steps[from]!} on the gradient norm is 0 while the loss is not. All units of a layer are dead, or something is detached from there on. Restart from before this step with a lower rate, and look at the activations.`,
        alternatives: ["a log that writes 0 where it measured nothing"],
        decide: "the gradient of each parameter after one backward pass",
      },
    ];
  },
};

export const warmupUnfinished: Rule = {
  name: "warmup-unfinished",
  severity: "warning",
  about: "the rate is still rising when the log ends",
  needs: ["finite", "start", "lr"],
  alerts: null,
  absorbs: [],
  notTheRate: "even-good",
  direction: "neither",
  detect(c) {
    const lr = c.lr;
    const n = lr?.length ?? 0;
    if (!lr || n < 20 || !lr.every(Number.isFinite)) return [];
    const [first, last] = [lr[0]!, lr[n - 1]!];
    const never = lr.every((v, i) => i === 0 || v >= lr[i - 1]!);
    if (!never || last < largest(lr) || !(last > 2 * first) || !(last > 1.02 * lr[Math.floor(0.9 * n)]!))
      return [];
    return [
      {
        steps: span(c),
        evidence: { firstRate: first, lastRate: last },
        advice:
          "The learning rate has not reached its peak: the run is judged after its warm-up. Let it go on, or shorten the warm-up.",
        alternatives: ["a range test, which raises the rate on purpose (steepest find-lr --curve reads it)"],
        decide: "the schedule's warm-up length and the planned number of steps",
      },
    ];
  },
};
