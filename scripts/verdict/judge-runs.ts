/**
 * Prints how often the whole diagnosis, with its findings and rules, is right on made runs, by family, as Markdown:
 *
 *   node_modules/.bin/jiti scripts/verdict/make-families.ts fresh.jsonl 0 4 variational segments mixtures word-pairs triplets experts remembering grades
 *   node_modules/.bin/jiti scripts/verdict/judge-runs.ts fresh.jsonl
 *
 * Each run is shown three times, as in the fit: whole, as every k-th step, and as seven to forty points.
 */
import { readFileSync } from "node:fs";
import type { FeatureInput } from "../../src/diagnose/features.ts";
import { diagnoseRun, type RunDiagnosis } from "../../src/diagnose/index.ts";
import type { Role, RunLog, Series } from "../../src/run/log.ts";
import { LABELS, type Label } from "../labelled-runs.ts";
import { draws } from "./draws.ts";
import { shapeOf } from "./schedules.ts";
import { sparse, thinned } from "./shown.ts";

interface MadeTask {
  readonly family: string;
  readonly schedule: string;
  readonly steps: number;
  readonly runs: readonly {
    readonly lr: number;
    readonly label: Label;
    readonly loss: readonly (number | null)[];
    readonly gradNorm: readonly (number | null)[];
  }[];
}
interface Judged extends Pick<RunDiagnosis, "verdicts" | "confidence"> {
  readonly family: string;
  readonly form: string;
  readonly label: Label;
}

function logOf({ steps, loss, lr, gradNorm }: FeatureInput): RunLog {
  const of = (role: Role, values: Float64Array | null): Series[] =>
    values ? [{ name: role, role, steps, values }] : [];
  return {
    source: "made",
    format: "csv",
    run: null,
    stepUnit: "step",
    series: [...of("loss", loss), ...of("lr", lr), ...of("gradNorm", gradNorm)],
    notes: [],
    meta: {},
  };
}

function judge(line: string, seed: number): Judged[] {
  const { family, schedule, steps, runs } = JSON.parse(line) as MadeTask;
  const relative = shapeOf(schedule);
  const d = draws(90_000 + seed);
  return runs.flatMap(({ lr, label, ...run }) => {
    const numbers = (from: readonly (number | null)[]): Float64Array =>
      Float64Array.from(from, (v) => v ?? Number.NaN);
    const loss = numbers(run.loss);
    const whole: FeatureInput = {
      steps: loss.map((_, t) => t),
      loss,
      lr: loss.map((_, t) => lr * relative(t, steps)),
      gradNorm: numbers(run.gradNorm),
    };
    const shown: [form: string, input: FeatureInput][] = [["whole", whole]];
    // a run that broke off early has no thinned form
    if (loss.length >= 60)
      shown.push(["every k-th", thinned(whole, d)[1]], ["7–40 points", sparse(whole, d)[1]]);
    return shown.map(([form, input]) => {
      const { verdicts, confidence } = diagnoseRun(logOf(input));
      return { family, form, label, verdicts, confidence };
    });
  });
}

const percent = (part: number, all: number): string =>
  all === 0 ? "–" : `${((100 * part) / all).toFixed(1)} %`;

function line(name: string, all: readonly Judged[]): void {
  const holds = ({ verdicts, label }: Judged): boolean => verdicts.length <= 2 && verdicts.includes(label);
  const share = (of: readonly Judged[]): string => percent(of.filter(holds).length, of.length);
  const one = all.filter((j) => j.verdicts.length === 1);
  const answered = all.filter((j) => j.verdicts.length === 1 || j.verdicts.length === 2);
  const good = all.filter((j) => j.label === "good");
  const recalls = LABELS.map((l) => answered.filter((j) => j.label === l)).filter((of) => of.length > 0);
  const cells = [
    String(all.length),
    share(all),
    share(answered),
    share(one),
    percent(good.filter((j) => j.verdicts.length === 1 && j.verdicts[0] !== "good").length, good.length),
    share(answered.filter((j) => j.confidence >= 0.8)),
    percent(
      recalls.reduce((a, of) => a + of.filter(holds).length / of.length, 0),
      recalls.length,
    ),
    percent(all.length - one.length, all.length),
    percent(all.length - answered.length, all.length),
  ];
  console.log(`| ${[name, ...cells].join(" | ")} |`);
}

const [path] = process.argv.slice(2);
if (!path) throw new Error("usage: judge-runs.ts RUNS.jsonl");
const judged = readFileSync(path, "utf8").trim().split("\n").flatMap(judge);
const head = [
  "family",
  "logs",
  "right",
  "right where answered",
  "right, one word",
  "good told to change",
  "right at confidence ≥ 0.8",
  "macro recall where answered",
  "no single word",
  "no answer",
];
console.log(`| ${head.join(" | ")} |\n| ${head.map(() => "---").join(" | ")} |`);
for (const family of new Set(judged.map((j) => j.family)))
  line(
    family,
    judged.filter((j) => j.family === family),
  );
line("**all**", judged);
for (const form of new Set(judged.map((j) => j.form)))
  line(
    form,
    judged.filter((j) => j.form === form),
  );
