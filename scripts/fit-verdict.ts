/**
 * Fits the verdict model and writes src/diagnose/verdict-weights.ts.
 *
 *   python3 scripts/verdict/make_runs.py runs.jsonl            # torch; 198 tasks, about 25 minutes on one core
 *   node_modules/.bin/jiti scripts/fit-verdict.ts rows runs.jsonl   # features of those runs → scripts/verdict/rows.tsv.gz
 *   node_modules/.bin/jiti scripts/fit-verdict.ts cv           # grouped cross-validation and leave-one-task-out figures
 *   node_modules/.bin/jiti scripts/fit-verdict.ts fit          # → src/diagnose/verdict-weights.ts
 *
 * The made runs are also shown to the model without gradient norms and rates, and as means over windows of five
 * steps, because logs come like that. The labelled runs of test/runs take no part in the fit that ships: adding them
 * brings nothing on a task left out (`cv` prints both), and so the accuracy on them is that on unseen tasks.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { FEATURES, type FeatureInput, type FeatureName, features } from "../src/diagnose/features.ts";
import { probabilities, type VerdictModel } from "../src/diagnose/verdict-model.ts";
import { LABELS, labelledRuns, verdictInput } from "./labelled-runs.ts";
import { boost } from "./verdict/boost.ts";

interface TaskRow {
  readonly task: string;
  readonly form: "full" | "bare" | "window";
  readonly label: number;
  readonly x: readonly number[];
}

interface MadeRun {
  readonly task: string;
  readonly schedule: string;
  readonly label: string;
  readonly steps: number;
  readonly loss: readonly (number | null)[];
  readonly gradNorm: readonly (number | null)[];
}

const NAMES = Object.keys(FEATURES) as FeatureName[];
const here = (path: string): URL => new URL(path, import.meta.url);
const ROWS = here("./verdict/rows.tsv.gz");
const WEIGHTS = here("../src/diagnose/verdict-weights.ts");
const FORM_WEIGHT = { full: 1, bare: 0.3, window: 0.3 };
/** Weight of a labelled run where `cv` adds them to the fit. */
const LABELLED_WEIGHT = 2;

/** Relative rate at step t of n; the same shapes as SCHEDULES in make_runs.py. */
const SHAPES: Readonly<Record<string, (t: number, n: number) => number>> = {
  const: () => 1,
  "warmup-cosine": (t, n) => {
    const w = Math.floor(n / 10);
    return t < w ? (t + 1) / w : 0.5 * (1 + Math.cos((Math.PI * (t - w)) / (n - w)));
  },
  "warmup-const": (t, n) => Math.min(1, (t + 1) / Math.floor(n / 20)),
  linear: (t, n) => 1 - t / n,
  cosine: (t, n) => 0.5 * (1 + Math.cos((Math.PI * t) / n)),
  step: (t, n) => (t >= n * 0.6 ? 0.1 : 1) * (t >= n * 0.85 ? 0.1 : 1),
};

function makeRows(path: string): void {
  const lines: string[] = [];
  for (const line of readFileSync(path, "utf8").trim().split("\n")) {
    const run = JSON.parse(line.replace(/\bNaN\b|-?\bInfinity\b/g, "null")) as MadeRun;
    const loss = Float64Array.from(run.loss, (v) => v ?? Number.NaN);
    if (loss.some((v) => !Number.isFinite(v))) continue; // judged by rule, not by the model
    const shape = SHAPES[run.schedule]!;
    const full: FeatureInput = {
      steps: loss.map((_, i) => i),
      loss,
      lr: loss.map((_, i) => shape(i, run.steps)),
      gradNorm: Float64Array.from(run.gradNorm, (v) => v ?? Number.NaN),
    };
    const forms = { full, bare: { ...full, lr: null, gradNorm: null }, window: windowed(full, 5) };
    for (const [form, input] of Object.entries(forms)) {
      const f = features(input);
      if (f)
        lines.push([run.task, form, run.label, ...NAMES.map((n) => Number(f[n].toPrecision(4)))].join("\t"));
    }
  }
  const text = `${["task", "form", "label", ...NAMES].join("\t")}\n${lines.join("\n")}\n`;
  writeFileSync(ROWS, gzipSync(text, { level: 9 }));
  console.log(`${lines.length} rows`);
}

function windowed(input: FeatureInput, size: number): FeatureInput {
  const means = (v: Float64Array): Float64Array =>
    Float64Array.from({ length: Math.floor(v.length / size) }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += v[k * size + i]! / size;
      return sum;
    });
  const last = (v: Float64Array): Float64Array =>
    Float64Array.from({ length: Math.floor(v.length / size) }, (_, k) => v[k * size + size - 1]!);
  return {
    steps: last(input.steps),
    loss: means(input.loss),
    lr: input.lr && last(input.lr),
    gradNorm: input.gradNorm && last(input.gradNorm),
  };
}

function readRows(): TaskRow[] {
  const [head, ...lines] = gunzipSync(readFileSync(ROWS)).toString("utf8").trim().split("\n");
  const columns = head!.split("\t").slice(3);
  if (columns.join() !== NAMES.join())
    throw new Error("rows.tsv.gz has other features: run `fit-verdict rows` again");
  return lines.map((line) => {
    const [task, form, label, ...x] = line.split("\t");
    return {
      task: task!,
      form: form as TaskRow["form"],
      label: LABELS.indexOf(label as never),
      x: x.map(Number),
    };
  });
}

async function labelledRows(): Promise<TaskRow[]> {
  const out: TaskRow[] = [];
  for (const run of await labelledRuns()) {
    const input = verdictInput(run.log);
    const f = input?.loss.every(Number.isFinite) ? features(input) : null;
    if (f)
      out.push({ task: run.task, form: "full", label: LABELS.indexOf(run.label), x: NAMES.map((n) => f[n]) });
  }
  return out;
}

function train(made: readonly TaskRow[], labelled: readonly TaskRow[]): VerdictModel {
  const rows = [
    ...made.map((r) => ({ x: r.x, label: r.label, weight: FORM_WEIGHT[r.form] })),
    ...labelled.map((r) => ({ x: r.x, label: r.label, weight: LABELLED_WEIGHT })),
  ];
  return boost(rows, LABELS.length);
}

interface Scored {
  readonly label: number;
  readonly p: readonly number[];
}

function summary(title: string, scored: readonly Scored[]): string {
  const right = (s: Scored): boolean => s.p.indexOf(Math.max(...s.p)) === s.label;
  const share = (of: readonly Scored[]): string => ((100 * of.filter(right).length) / of.length).toFixed(1);
  const sure = scored.filter((s) => Math.max(...s.p) >= 0.8);
  const recall = LABELS.map((_, k) => share(scored.filter((s) => s.label === k)));
  const macro = (recall.reduce((a, r) => a + Number(r), 0) / LABELS.length).toFixed(1);
  const surprise = scored.reduce((a, s) => a - Math.log(Math.max(1e-9, s.p[s.label]!)), 0) / scored.length;
  return `${title}: n ${scored.length}, accuracy ${share(scored)} %, macro recall ${macro} % (${recall.join(" ")}), confidence ≥ 0.8: ${sure.length} runs ${share(sure)} %, log loss ${surprise.toFixed(3)}\n${calibration(scored)}`;
}

/** How often the top class is right among runs of like confidence. */
function calibration(scored: readonly Scored[]): string {
  const edges = [0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01];
  return edges
    .slice(1)
    .map((to, k) => {
      const bin = scored.filter((s) => Math.max(...s.p) >= edges[k]! && Math.max(...s.p) < to);
      const right = bin.filter((s) => Math.max(...s.p) === s.p[s.label]).length;
      return `  ${edges[k]}–${Math.min(1, to)}: ${bin.length} runs, ${((100 * right) / Math.max(1, bin.length)).toFixed(1)} % right`;
    })
    .join("\n");
}

async function crossValidate(): Promise<void> {
  const made = readRows();
  const labelled = await labelledRows();
  const score = (model: VerdictModel, rows: readonly TaskRow[]): Scored[] =>
    rows.map((r) => ({ label: r.label, p: probabilities(model, r.x) }));
  console.log(summary("shipped fit (made runs only) → labelled runs", score(train(made, []), labelled)));
  const tasks = [...new Set(labelled.map((r) => r.task))];
  const out = tasks.flatMap((task) =>
    score(
      train(
        made,
        labelled.filter((r) => r.task !== task),
      ),
      labelled.filter((r) => r.task === task),
    ),
  );
  console.log(summary("labelled runs added to the fit, leave one labelled task out", out));
  // the base name groups a task with its variations on the same data and model
  const base = (task: string): string => task.split("~")[0]!;
  const bases = [...new Set(made.map((r) => base(r.task)))];
  const folds = 6;
  const held: Scored[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const inFold = (r: TaskRow): boolean => bases.indexOf(base(r.task)) % folds === fold;
    const model = train(
      made.filter((r) => !inFold(r)),
      labelled,
    );
    held.push(
      ...score(
        model,
        made.filter((r) => inFold(r) && r.form === "full"),
      ),
    );
  }
  console.log(summary(`made tasks, ${folds} folds by data and model`, held));
}

async function fit(): Promise<void> {
  const model = train(readRows(), []);
  const trees = model.trees.map(
    (stage) => `  [\n${stage.map((t) => `    ${JSON.stringify(t)},`).join("\n")}\n  ],`,
  );
  writeFileSync(
    WEIGHTS,
    `/** Written by scripts/fit-verdict.ts from scripts/verdict/rows.tsv.gz; do not edit. */\n` +
      `// biome-ignore-all format: one tree a line\n// biome-ignore-all lint: numbers that come near constants are not constants\n` +
      `import type { VerdictModel } from "./verdict-model.ts";\n\n` +
      `export const VERDICT_MODEL: VerdictModel = ${JSON.stringify({ bias: model.bias.map((b) => Number(b.toFixed(4))) }).slice(0, -1)}, trees: [\n${trees.join("\n")}\n] };\n`,
  );
}

const [command, path] = process.argv.slice(2);
if (command === "rows" && path) makeRows(path);
else if (command === "cv") await crossValidate();
else if (command === "fit") await fit();
else throw new Error("usage: fit-verdict.ts rows RUNS.jsonl | cv | fit");
