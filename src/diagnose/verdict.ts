/** Features and findings → one of the lesson's four rows, several, or none, with a calibrated confidence. */

import type { Objective } from "../run/log.ts";
import { actionFor, experiment, NO_ACTION, reduce } from "./action.ts";
import { type Branches, branchWords, weighBranches } from "./branches.ts";
import { type Context, startsLate } from "./context.ts";
import { FEW_POINTS, type Features, features, MIN_POINTS } from "./features.ts";
import { growth } from "./rules/growth.ts";
import { rules } from "./rules/index.ts";
import { MIN_BEFORE_NAN, nonFiniteKind } from "./rules/non-finite.ts";
import { plateauKind } from "./rules/plateau.ts";
import { fellSinceEarly, hiddenByNoise, restsFromStart } from "./rules/still.ts";
import { median } from "./stats.ts";
import type { Finding, RateVerdict, Verdict } from "./types.ts";
import { probabilities } from "./verdict-model.ts";
import { CLASSES, ONE_WORD, SURE_ENOUGH, verdictSet } from "./verdict-set.ts";
import { VERDICT_MODEL } from "./verdict-weights.ts";
import { countWords, titleOf, verdictWords } from "./words.ts";

/** A shorter run is judged on its warm-up alone; the model has seen none under 300. */
const MIN_STEPS = 50;
/** Share of runs that became non-finite by divergence whose rate was too high: all 112 of the made runs (rule of succession). */
const DIVERGED = 0.98;
const EXCUSES = new Map(rules.map((r) => [r.name, r.notTheRate]));

/**
 * The loss left its first value upwards and never came back: no order of the data, no staircase and no change of
 * logging makes a curve do that, so nothing of the kind excuses the rate.
 */
function ranAway(c: Context): boolean {
  const n = c.loss.length;
  if (n < MIN_POINTS || startsLate(c) || !(c.first > 0)) return false;
  return c.loss.subarray(Math.ceil(n / 20)).reduce((a, b) => Math.min(a, b)) > 1.5 * c.first;
}

/** Why a curve of this kind says nothing of the rate; null where it does. */
const NO_RATE_IN: Readonly<Record<Objective, string | null>> = {
  loss: null,
  perplexity: null,
  "validation-only": null,
  part: "The logged loss is a part of the objective, or a sum whose weights the log does not show. A part may rise while the whole falls.",
  score: "The curve is a score that is to be raised, not a loss.",
  reinforcement:
    "This is reinforcement learning: the loss follows the data that the policy meets, and says little about the rate. Look at the reward.",
  adversarial:
    "These are losses of an adversarial pair: each rises when the other improves, and neither says much about the rate.",
  boosting:
    "These are boosting rounds, not steps of gradient descent: their rate shrinks trees and is chosen with the number of rounds.",
  "accuracy-only": "The log holds an accuracy and no loss.",
  unclear: "The log may be read wrongly: the notes say what is odd in it.",
  none: "The log has no loss series.",
};

export const unsuitable = (objective: Objective | undefined): string | null =>
  objective === undefined ? null : NO_RATE_IN[objective];

export function decide(c: Context, findings: readonly Finding[]): Verdict {
  const no = unsuitable(c.run.log.objective);
  if (no !== null) return unsure(no);
  const broken = nonFiniteKind(c);
  if (broken?.kind === "diverged") return high(c, "The loss rose and then became non-finite.");
  if (broken && c.loss.length < MIN_BEFORE_NAN)
    return unsure(
      `The loss became non-finite at step ${broken.step}, and there is too little before it to tell why.`,
    );
  if (broken)
    return unsure(
      `The loss became non-finite at step ${broken.step} without rising first: precision or data, not the rate.`,
    );
  const n = c.loss.length;
  if (n < MIN_POINTS) return unsure(`${countWords(n, "point")} of loss: too few for a verdict.`);
  const passed = c.steps[n - 1]! - c.steps[0]!;
  if (c.run.log.stepUnit === "step" && passed < MIN_STEPS)
    return unsure(`${countWords(passed, "step")}: too few for a verdict.`);
  const away = ranAway(c);
  const x = features({ steps: c.steps, loss: c.loss, lr: c.lr, gradNorm: c.run.gradNorm })!;
  const seen = probabilities(VERDICT_MODEL, Object.values(x));
  const diverged = findings.some((f) => f.id === "divergence");
  const p = away ? AWAY : diverged ? onlyHigh(seen) : seen;
  // where the loss grows by the same ratio from step to step, the dose is computed, and the row is that of the dose
  const judged = growth(c)
    ? { ...judge([0, 0, 0, 1], c), confidence: Math.max(ONE_WORD, p[3]!) }
    : judge(p, c);
  const held = away ? null : (withheld(c, findings, judged) ?? restsBelow(judged, x, c));
  return { ...(held === null ? judged : unsure(held)), probabilities: shares(p) };
}

const shares = (p: readonly number[]): Verdict["probabilities"] =>
  Object.fromEntries(CLASSES.map((name, k) => [name, Number(p[k]!.toFixed(3))])) as Verdict["probabilities"];

/** The verdict on a curve that the model has read, by what a probe's branches measured besides; null where none is to be changed. */
export function decideByBranches(c: Context, curve: Verdict, branches: Branches): Verdict | null {
  if (curve.probabilities === null || growth(c)) return null;
  const { probabilities } = curve;
  const p = weighBranches(
    CLASSES.map((name) => probabilities[name]),
    branches,
  );
  const judged = judge(p, c);
  return { ...judged, reason: `${branchWords(branches)} ${judged.reason}`, probabilities: shares(p) };
}

/** Of how many times its first values the loss may fall below zero: log-likelihoods do, a term without a bound goes on. */
const FLOOR = 50;

function hasNoFloor(c: Context): boolean {
  const n = c.loss.length;
  const few = Math.max(3, Math.ceil(n / 20));
  const at = (values: Float64Array): number => Math.abs(median(values));
  const last = median(c.loss.subarray(n - few));
  return last < 0 && -last > FLOOR * Math.max(1, at(c.loss.subarray(0, few)));
}

/** What forbids a verdict on the rate although there is a curve to judge. */
function withheld(
  c: Context,
  findings: readonly Finding[],
  { verdict, verdicts, confidence }: Verdict,
): string | null {
  const excuse = findings.find((f) => {
    const excuses = EXCUSES.get(f.id);
    return excuses === "even-good" || (excuses === true && verdict !== "good");
  });
  if (excuse) return `The curve's shape is not the rate's doing (${titleOf(excuse.id)}).`;
  if (hasNoFloor(c))
    return "The loss falls far below zero, without a floor. Such a loss has no least value, so its course says little about the rate. Look at the term that falls.";
  if (startsLate(c)) return "The log starts in the middle of a run; how far the loss had come is not in it.";
  const hidden = hiddenByNoise(c);
  if (plateauKind(c)?.kind === "stuck" && (verdict === "inconclusive" || (verdict === "too-low" && hidden)))
    return "The loss has not left its starting level by more than its noise. That happens at rates that are far too low and far too high, and when nothing is trained.";
  const blamed = findings.some((f) => f.direction === "lower" || f.direction === "not-higher");
  const high = !verdicts.includes("good") && !verdicts.includes("too-low");
  if (high && !blamed && restsFromStart(c))
    return "The loss scatters about one level from its first value on. That is so where the weights fit already, as in fine-tuning, and at rates of any size when nothing is learnt. Look at the validation loss.";
  if (c.loss.length < FEW_POINTS && confidence < SURE_ENOUGH)
    return `${countWords(c.loss.length, "point")} of loss: too few to tell what the rate does.`;
  if (verdict === "inconclusive" && hidden)
    return "The loss changes by less than its points scatter, so this log cannot show what the rate does. Log the mean over more steps, or the loss of a fixed set of examples.";
  return null;
}

/** Standard errors by which the loss must fall, from the third to the last fifth, to be still on its way. */
const FALLS = 1;
/** And by which it must have fallen since its beginning, or where no part stands off the others by more than their scatter. */
const CLEARLY = 3;
/** log10 of the share of its peak that the rate must keep, lest its decay be what stops the loss. */
const STAYS = -0.3;

/**
 * A rate is too low while the loss is still on its way. On families left out, "too low" was right for 86 % of the runs whose
 * loss no longer fell, and these have no dead units, strong decay or wrong labels, which look the same.
 */
function restsBelow({ verdict }: Verdict, { settled, rateEnd }: Features, c: Context): string | null {
  if (verdict !== "too-low" || rateEnd < STAYS) return null;
  const unseen = settled < CLEARLY && hiddenByNoise(c);
  if (settled >= FALLS && !unseen && fellSinceEarly(c) >= CLEARLY) return null;
  return "The loss has hardly come down and no longer falls, although the rate stays up. The rate may be too low, but a weight decay that is too strong, units that are dead or frozen, and labels that do not belong to their inputs look the same.";
}

/** One verdict where one is sure enough, else the set that holds the right one in nine cases of ten. */
function judge(p: readonly number[], c: Context): Verdict {
  const { verdicts, confidence } = verdictSet(p);
  const [verdict] = verdicts;
  if (verdicts.length === 1 && verdict)
    return {
      verdict,
      verdicts,
      confidence,
      action: actionFor(verdict, c),
      reason: REASONS[verdict],
      probabilities: null,
    };
  return {
    verdict: "inconclusive",
    verdicts,
    confidence,
    action: experiment(verdicts),
    reason: `One curve cannot tell these apart: ${verdictWords(verdicts)}.`,
    probabilities: null,
  };
}

/** Of the made runs that stayed finite and left their first value for good, 3 were slightly high, 158 too high, none lower. */
const AWAY = [0, 0, 3 / 161, 158 / 161] as const;
/** And of those with a divergence: slightly high, too high, none lower. */
const DIVERGENT = [29 / 142, 113 / 142] as const;

/** The model's shares of the two high classes, with a twentieth of a run by those counts. */
function onlyHigh([, , slightly = 0, too = 0]: readonly number[]): number[] {
  const [a, b] = [slightly + 0.05 * DIVERGENT[0], too + 0.05 * DIVERGENT[1]];
  return [0, 0, a / (a + b), b / (a + b)];
}

const REASONS: Readonly<Record<RateVerdict, string>> = {
  "too-high": "The loss jumps, or stays where a rate this high leaves it.",
  "slightly-high": "The loss gets down but is held above what a lower rate would reach.",
  good: "The loss falls and what another rate could add is small.",
  "too-low": "The loss is still on its way: a higher rate would have come further in the same steps.",
};

function high(c: Context, reason: string): Verdict {
  const action = reduce(c);
  return {
    verdict: "too-high",
    verdicts: ["too-high"],
    confidence: DIVERGED,
    action: { ...action, text: `${action.text} Restore a checkpoint from before the rise.` },
    reason,
    probabilities: null,
  };
}

export function unsure(reason: string): Verdict {
  return {
    verdict: "inconclusive",
    verdicts: [],
    confidence: 0,
    action: NO_ACTION,
    reason,
    probabilities: null,
  };
}
