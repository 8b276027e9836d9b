/** Scores of verdicts against labels; shared by the printed table and the test. */
import { diagnoseRun } from "../src/diagnose/index.ts";
import type { Baseline } from "./baselines.ts";
import { LABELS, type Label, type LabelledRun } from "./labelled-runs.ts";

export interface Judged {
  readonly file: string;
  readonly label: Label;
  readonly verdict: string;
  /** What is left: a set of two counts as right where it holds the label, a larger one as wrong. */
  readonly verdicts: readonly string[];
  readonly confidence: number;
}

export interface Score {
  readonly runs: number;
  readonly accuracy: number;
  readonly macroRecall: number;
  readonly recall: Readonly<Record<Label, number>>;
  /** Share of runs with no single verdict. */
  readonly undecided: number;
  /** Runs given one verdict with confidence of at least 0.8, and the share of them judged rightly. */
  readonly sure: number;
  readonly sureAccuracy: number;
}

export function judgeAll(runs: readonly LabelledRun[]): Judged[] {
  return runs.map(({ file, label, log }) => {
    const { verdict, verdicts, confidence } = diagnoseRun(log);
    return { file, label, verdict, verdicts, confidence };
  });
}

/** The baseline's outcomes, each read as the label most frequent among the runs that have it. */
export function judgeBaseline(runs: readonly LabelledRun[], baseline: Baseline): Judged[] {
  const outcomes = runs.map((r) => baseline.outcome(r.log));
  const meaning = new Map<string, Label>();
  for (const outcome of new Set(outcomes)) {
    const count = (label: Label): number =>
      runs.filter((r, i) => outcomes[i] === outcome && r.label === label).length;
    meaning.set(outcome, [...LABELS].sort((a, b) => count(b) - count(a))[0]!);
  }
  return runs.map(({ file, label }, i) => ({
    file,
    label,
    verdict: meaning.get(outcomes[i]!)!,
    verdicts: [meaning.get(outcomes[i]!)!],
    confidence: 0,
  }));
}

export const isRight = ({ label, verdicts }: Judged): boolean =>
  verdicts.length <= 2 && verdicts.includes(label);

export function score(judged: readonly Judged[]): Score {
  const share = (of: readonly Judged[]): number => of.filter(isRight).length / Math.max(1, of.length);
  const recall = Object.fromEntries(
    LABELS.map((l) => [l, share(judged.filter((j) => j.label === l))]),
  ) as Record<Label, number>;
  const sure = judged.filter((j) => j.verdicts.length === 1 && j.confidence >= 0.8);
  return {
    runs: judged.length,
    accuracy: share(judged),
    macroRecall: LABELS.reduce((a, l) => a + recall[l], 0) / LABELS.length,
    recall,
    undecided: judged.filter((j) => j.verdicts.length !== 1).length / judged.length,
    sure: sure.length,
    sureAccuracy: share(sure),
  };
}
