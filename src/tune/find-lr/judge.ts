/** What a search's figures say of a run: a rate with reasons and doubts, or a refusal that says what to do. */
import type { SearchResult } from "../search/verdict.ts";
import type { ConstantScores } from "./constant-predictor.ts";
import type { CurvatureAnswer } from "./curvature.ts";
import type { Purpose, RunTrials, Scores } from "./run-trials.ts";
import type { Check, Confidence, FindLrResult, Refusal } from "./types.ts";

export interface JudgeOptions {
  readonly purpose: Purpose;
  readonly constants: ConstantScores | null;
  readonly totalSteps: number;
  readonly budget: number;
  /** What overfitting takes off the rate. */
  readonly factor: number;
  /** The lowest rate that might be tried, where one was given. */
  readonly from: number | undefined;
}

export type Judged = Pick<
  FindLrResult,
  "suggestion" | "reason" | "refusal" | "confidence" | "checks" | "spread" | "plateau" | "best"
>;

/** A loss within this share of the constant answer's has not learnt more than that. */
const AT_CONSTANT = 0.02;
/** Rates best by the two losses ask for a word when this share of the gain is lost by taking the one for the other. */
const APART = 0.05;

const show = (x: number): string => String(Number(x.toPrecision(2)));
const typed = (rate: number): number => Number(rate.toPrecision(3));
const NAMES: Readonly<Record<Purpose, string>> = { training: "training loss", validation: "held-out loss" };

export function judgeSearch(result: SearchResult, trials: RunTrials, options: JudgeOptions): Judged {
  const scored = result.rates.flatMap(({ rate, died }) => {
    const scores = died ? null : trials.scoresAt(rate, result.steps);
    return scores === null ? [] : [{ rate, scores }];
  });
  const best = { training: bestBy(scored, "training"), validation: bestBy(scored, "validation") };
  const refused = refusalOf(result, scored, options);
  if (refused !== null || result.rate === null || result.interval === null || result.plateau === null) {
    return {
      suggestion: null,
      ...(refused ?? flat(result, options)),
      confidence: null,
      checks: [],
      spread: null,
      plateau: null,
      best,
    };
  }
  const suggestion = typed(result.rate);
  const checks = checksOf(result, { scored, best }, options);
  const [low, high] = result.plateau;
  const word = NAMES[options.purpose];
  const after = `after ${result.steps} of ${options.totalSteps} steps`;
  return {
    suggestion,
    reason:
      options.factor < 1
        ? `${after} the ${word} is lowest at ${show(result.rate / options.factor)} and trainings begin to overfit: at the end of the run a rate this much lower gets as far`
        : low < high
          ? `${after} the ${word} is lowest, and the same within its noise, from ${show(low)} to ${show(high)}`
          : `${after} the ${word} is lowest here, and higher at twice and at half this rate`,
    refusal: null,
    confidence: confidenceOf(checks),
    checks,
    spread: [typed(result.interval[0]), typed(result.interval[1])],
    plateau: { low, high },
    best,
  };
}

type Scored = readonly { readonly rate: number; readonly scores: Scores }[];

function bestBy(scored: Scored, purpose: Purpose): number | null {
  let [best, lowest]: [number | null, number] = [null, Number.POSITIVE_INFINITY];
  for (const { rate, scores } of scored) {
    const score = scores[purpose];
    if (score !== null && score < lowest) [best, lowest] = [typed(rate), score];
  }
  return best;
}

interface Refused {
  readonly refusal: Refusal;
  readonly reason: string;
}

function refusalOf(result: SearchResult, scored: Scored, options: JudgeOptions): Refused | null {
  if (!Number.isFinite(result.reference)) {
    return {
      refusal: "not-finite",
      reason:
        "the loss is no number before the first step, so no learning rate can help: look for NaN or extreme values in the data, and at the initial weights and the loss",
    };
  }
  if (result.rates.every((r) => r.died)) {
    const lowest = Math.min(...result.rates.map((r) => r.rate));
    return {
      refusal: "diverged-at-once",
      reason: `every training down to a rate of ${show(lowest)} diverged: ${
        options.from === undefined
          ? "look for extreme values in the data (--data.standardize true), or clip the gradient (--clip.globalNorm 1)"
          : "leave --from out, so that lower rates are tried"
      }`,
    };
  }
  // trainings may leave the constant answer's level late: a short look at it is a doubt and no refusal
  const longEnough = 2 * result.steps >= options.totalSteps;
  const stays = longEnough && staysAtConstant(scored, options.constants);
  return result.rate === null || stays ? flat(result, options) : null;
}

/** Neither loss of any training got below the constant answer's, and the best is at its level. */
function staysAtConstant(scored: Scored, constants: ConstantScores | null): boolean {
  if (constants === null) return false;
  const lowest = (purpose: Purpose): number =>
    Math.min(...scored.map(({ scores }) => scores[purpose] ?? Number.POSITIVE_INFINITY));
  const near = (score: number, constant: number): boolean =>
    score >= constant - AT_CONSTANT * Math.abs(constant) &&
    score <= constant + AT_CONSTANT * Math.abs(constant);
  const training = lowest("training");
  const above = constants.validation === null || lowest("validation") >= constants.validation;
  return above && near(training, constants.training);
}

function flat({ steps }: SearchResult, { totalSteps, budget, constants }: JudgeOptions): Refused {
  const level = constants === null ? "its start" : "what a constant answer scores";
  const longer =
    steps < totalSteps
      ? `it may need longer than the ${steps} steps that were looked at (--budget ${Math.ceil(2 * budget)}), `
      : "it may need more steps (--steps), ";
  return {
    refusal: "flat",
    reason: `in ${steps} steps no rate brings the loss below ${level}: ${longer}the gradient may not reach the weights, or there is nothing to learn from these features`,
  };
}

function checksOf(
  result: SearchResult,
  { scored, best }: { readonly scored: Scored; readonly best: Judged["best"] },
  options: JudgeOptions,
): Check[] {
  const { steps, fragile, edge } = result;
  const { totalSteps, budget, purpose, constants, factor } = options;
  const checks: Check[] = [
    {
      id: "length",
      ok: 2 * steps >= totalSteps,
      text:
        steps >= totalSteps
          ? "rates were compared over the whole run"
          : `rates were compared after ${show((100 * steps) / totalSteps)} % of the run; --budget ${show(Math.max(2 * budget, 4))} goes further`,
    },
  ];
  if (fragile !== null) {
    checks.push({
      id: "seeds",
      ok: !fragile,
      text: fragile
        ? "fragile: another seed at this rate ends elsewhere, by more than a tenth of what is gained; --seeds 4 and a larger --budget tell more"
        : "another seed at this rate ends alike",
    });
  }
  if (edge !== null) {
    checks.push({
      id: "enclosed",
      ok: edge > 2.5 * result.rate!,
      text: `trainings break down from ${show(edge)} on`,
    });
  }
  const constant = constants?.[purpose] ?? null;
  // what ranked may have been the training loss
  const compared = typed(result.rate! / factor);
  const score = scored.find((s) => typed(s.rate) === compared)?.scores[purpose] ?? result.score;
  if (constant !== null && score >= constant - AT_CONSTANT * Math.abs(constant)) {
    checks.push({
      id: "constant",
      ok: false,
      text: `the ${NAMES[purpose]} (${show(score)}) is not clearly below what a constant answer scores (${show(constant)})${
        purpose === "validation"
          ? ": nothing that holds for other rows is learnt yet; more steps, more rows or a smaller model may"
          : ""
      }`,
    });
  }
  const apart = apartBy(scored, best, result);
  if (apart !== null) checks.push({ id: "overfitting", ok: true, text: apart });
  return checks;
}

/** Why the two losses want different rates; null where they don't by more than a little. */
function apartBy(
  scored: Scored,
  { training, validation }: Judged["best"],
  { reference }: SearchResult,
): string | null {
  const heldOut = (at: number | null): number | null =>
    scored.find(({ rate }) => typed(rate) === at)?.scores.validation ?? null;
  const [lowest, there] = [heldOut(validation), heldOut(training)];
  if (training === null || validation === null || lowest === null || there === null) return null;
  if (training === validation || there - lowest < APART * (reference - lowest)) return null;
  return training > validation
    ? `the training loss is lowest at ${show(training)}, the held-out loss at ${show(validation)}: above that the run learns its rows by heart (--for training asks for the first)`
    : `the held-out loss is lowest at ${show(validation)}, the training loss at ${show(training)} (--for training asks for the second)`;
}

/** Training at the edge of stability goes on at a rate a little beyond the limit (Cohen et al. 2021, arXiv 2103.00065). */
const BEYOND = 1.25;

/** A limit that is proved is held against the rate; one through a preconditioner that changes is a hint, and stays out. */
export function withCurvature(judged: Judged, { limit, curvature }: CurvatureAnswer): Judged {
  if (judged.suggestion === null || limit === null || curvature?.atStart == null) return judged;
  const ok = judged.suggestion < BEYOND * limit;
  const text = `curvature after a short run allows up to ${show(limit)}`;
  const checks: Check[] = [...judged.checks, { id: "curvature", ok, text }];
  return { ...judged, checks, confidence: confidenceOf(checks) };
}

function confidenceOf(checks: readonly Check[]): Confidence {
  const doubts = checks.filter((c) => !c.ok).length;
  return doubts === 0 ? "high" : doubts === 1 ? "moderate" : "low";
}
