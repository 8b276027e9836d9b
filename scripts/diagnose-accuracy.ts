/**
 * Prints how often the diagnosis of test/runs is right, beside two baselines, as Markdown:
 *   node_modules/.bin/jiti scripts/diagnose-accuracy.ts
 * The shipped model was fitted on other tasks (scripts/fit-verdict.ts), which `scripts/fit-verdict.ts cv` cross-validates.
 */
import { isRight, type Judged, judgeAll, judgeBaseline, score } from "./accuracy.ts";
import { BASELINES } from "./baselines.ts";
import { LABELS, labelledRuns } from "./labelled-runs.ts";

const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
const runs = await labelledRuns();
const ours = judgeAll(runs);
const table: [string, readonly Judged[]][] = [
  ["steepest", ours],
  ...BASELINES.map((b): [string, readonly Judged[]] => [b.name, judgeBaseline(runs, b)]),
];

console.log(`| ${runs.length} runs | accuracy | macro recall | ${LABELS.join(" | ")} |`);
console.log(`| --- | --- | --- | ${LABELS.map(() => "---").join(" | ")} |`);
for (const [name, judged] of table) {
  const s = score(judged);
  console.log(
    `| ${name} | ${percent(s.accuracy)} | ${percent(s.macroRecall)} | ${LABELS.map((l) => percent(s.recall[l])).join(" | ")} |`,
  );
}

const verdicts = [...LABELS, "inconclusive"];
console.log(
  `\n| label \\ verdict | ${verdicts.join(" | ")} |\n| --- | ${verdicts.map(() => "---").join(" | ")} |`,
);
for (const label of LABELS) {
  const counts = verdicts.map((v) => ours.filter((j) => j.label === label && j.verdict === v).length);
  console.log(`| ${label} | ${counts.join(" | ")} |`);
}

console.log("\n| confidence | runs | right |\n| --- | --- | --- |");
for (const [from, to] of [
  [0, 0.5],
  [0.5, 0.65],
  [0.65, 0.8],
  [0.8, 0.95],
  [0.95, 1.01],
] as const) {
  const bin = ours.filter((j) => j.verdicts.length === 1 && j.confidence >= from && j.confidence < to);
  if (bin.length > 0)
    console.log(`| ${from}–${Math.min(1, to)} | ${bin.length} | ${percent(score(bin).accuracy)} |`);
}
const wrong = ours.filter((j) => !isRight(j));
for (const j of wrong)
  console.log(
    `\nwrong: ${j.file}: ${j.label} judged ${j.verdicts.join(" or ") || j.verdict} (${j.confidence})`,
  );
