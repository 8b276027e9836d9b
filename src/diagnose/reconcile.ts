/** The one place where verdict and findings are made to agree. */

import { experiment, keepAndSee, seeTo } from "./action.ts";
import type { Direction, Finding, RateVerdict, Verdict, VerdictName } from "./types.ts";
import { unsure } from "./verdict.ts";
import { groupFindings, titleOf } from "./words.ts";

/** The verdicts that a direction speaks against. */
const AGAINST: Readonly<Record<Direction, readonly VerdictName[]>> = {
  lower: ["good", "too-low"],
  "not-higher": ["too-low"],
  raise: ["too-high", "slightly-high"],
  neither: [],
};

const IN_WORDS: Readonly<Record<RateVerdict, string>> = {
  "too-high": "too high a rate",
  "slightly-high": "a rate that is slightly high",
  good: "a good rate",
  "too-low": "too low a rate",
};

const ASKS: Readonly<Record<Direction, string>> = {
  lower: "asks for a lower one",
  "not-higher": "speaks against a higher one",
  raise: "asks for a higher one",
  neither: "says nothing of the rate",
};

/** Findings whose advice is the opposite of a verdict's, in their order. */
export function opponents(verdict: VerdictName, findings: readonly Finding[]): Finding[] {
  return findings.filter((f) => AGAINST[f.direction].includes(verdict));
}

/** A verdict from one curve, taken back when a finding of the same curve advises the opposite. */
export function reconcile(verdict: Verdict, findings: readonly Finding[]): Verdict {
  return pointed(agreed(verdict, findings), findings);
}

/** Where nothing can be said of the rate, "no change" would contradict a finding that asks for one: the action names it. */
function pointed(verdict: Verdict, findings: readonly Finding[]): Verdict {
  if (verdict.verdicts.length > 0) return verdict;
  const critical = findings.filter((f) => f.severity === "critical");
  const asking =
    groupFindings(critical)[0]?.main ??
    findings.find((f) => f.direction === "lower" || f.direction === "raise") ??
    findings.find((f) => f.direction === "not-higher" && f.severity === "warning");
  return asking ? { ...verdict, action: seeTo(titleOf(asking.id)) } : verdict;
}

function agreed(verdict: Verdict, findings: readonly Finding[]): Verdict {
  const [against] = opponents(verdict.verdict, findings);
  if (verdict.verdict === "inconclusive") return without(verdict, findings);
  if (!against) return verdict;
  return {
    ...unsure(
      `The fall of the loss looks like ${IN_WORDS[verdict.verdict]}, but the finding "${titleOf(against.id)}" ${ASKS[against.direction]}.`,
    ),
    probabilities: verdict.probabilities,
  };
}

/**
 * A set loses what a finding speaks against; the action may not try it either. Where only "good" is left beside "too low",
 * both stay: the training loss alone cannot tell them apart, and either way the rate is kept.
 */
function without(verdict: Verdict, findings: readonly Finding[]): Verdict {
  const left = verdict.verdicts.filter((v) => opponents(v, findings).length === 0);
  if (left.length === verdict.verdicts.length) return verdict;
  const against = verdict.verdicts.flatMap((v) => opponents(v, findings))[0]!;
  const reason = `${verdict.reason} The finding "${titleOf(against.id)}" ${ASKS[against.direction]}.`;
  if (left.length === 1 && left[0] === "good" && against.direction === "not-higher")
    return { ...verdict, action: keepAndSee(titleOf(against.id)), reason };
  if (left.length < 2) return { ...unsure(reason), probabilities: verdict.probabilities };
  return { ...verdict, verdicts: left, action: experiment(left), reason };
}

/** A verdict that was measured outranks what one curve advises; the reader is told so where the two differ. */
export function outrank<T extends Verdict>(verdict: T, findings: readonly Finding[], by: string): T {
  const [against] = opponents(verdict.verdict, findings);
  if (!against) return verdict;
  const text = `${verdict.action.text} The finding "${titleOf(against.id)}" advises otherwise from this curve alone; ${by} outrank it.`;
  return { ...verdict, action: { ...verdict.action, text } };
}
