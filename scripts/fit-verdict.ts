/**
 * Fits the verdict model and writes src/diagnose/verdict-weights.ts.
 *
 *   node_modules/.bin/jiti scripts/verdict/make-families.ts runs.jsonl   # our engine; 50 families of 14 tasks
 *   node_modules/.bin/jiti scripts/fit-verdict.ts rows runs.jsonl…       # features of those runs into scripts/verdict/families.tsv.gz, in the place of their families
 *   node_modules/.bin/jiti scripts/fit-verdict.ts left-out               # figures with each family left out of the fit
 *   node_modules/.bin/jiti scripts/fit-verdict.ts fit                    # → src/diagnose/verdict-weights.ts
 *
 * Six more families are in scripts/verdict/rows.tsv.gz: features of the runs of scripts/verdict/make_runs.py (torch),
 * made before there were `points` and what follows it, which are filled in as nominal and as unknown.
 * Each run of the new families is shown three times: whole, and twice as a log that keeps every k-th step, its value or
 * the mean of k, with or without rates and gradient norms; the third has seven to forty points. The labelled runs of test/runs take no part in fit, choice or calibration.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import {
  FEATURES,
  FEW_POINTS,
  type FeatureInput,
  type FeatureName,
  features,
} from "../src/diagnose/features.ts";
import { probabilities, TEMPERATURE, type VerdictModel } from "../src/diagnose/verdict-model.ts";
import { CLASSES, SURE_ENOUGH, verdictSet } from "../src/diagnose/verdict-set.ts";
import { boost } from "./verdict/boost.ts";
import { draws } from "./verdict/draws.ts";
import { shapeOf } from "./verdict/schedules.ts";
import { sparse, thinned } from "./verdict/shown.ts";

interface Row {
  readonly family: string;
  /** How the log shows the run: "full", "bare" and "window" of make_runs.py, or "k every" and "k mean". */
  readonly form: string;
  readonly label: number;
  readonly x: readonly number[];
}

interface MadeTask {
  readonly family: string;
  readonly task: string;
  readonly schedule: string;
  readonly steps: number;
  readonly runs: readonly {
    readonly label: string;
    readonly loss: readonly (number | null)[];
    readonly gradNorm: readonly (number | null)[];
  }[];
}

const NAMES = Object.keys(FEATURES) as FeatureName[];
const here = (path: string): URL => new URL(path, import.meta.url);
const TORCH_ROWS = here("./verdict/rows.tsv.gz");
const ROWS = here("./verdict/families.tsv.gz");
const WEIGHTS = here("../src/diagnose/verdict-weights.ts");
/** Copies of a run say less than a run of their own, and so do ten points. */
const FORM_WEIGHT: Readonly<Record<string, number>> = {
  bare: 0.3,
  window: 0.3,
  "sparse every": 0.4,
  "sparse mean": 0.4,
};
/** Families left out together, so that the figures cost so many fits. */
const FOLDS = 7;

function makeRows(paths: readonly string[]): void {
  const lines: string[] = [];
  const tasks = paths.flatMap((path) => readFileSync(path, "utf8").trim().split("\n"));
  for (const [i, line] of tasks.entries()) {
    const { family, schedule, steps, runs } = JSON.parse(line) as MadeTask;
    const relative = shapeOf(schedule);
    const d = draws(i);
    for (const { label, ...run } of runs) {
      const loss = Float64Array.from(run.loss, (v) => v ?? Number.NaN);
      if (loss.some((v) => !Number.isFinite(v))) continue; // judged by rule, not by the model
      const whole: FeatureInput = {
        steps: loss.map((_, t) => t),
        loss,
        lr: loss.map((_, t) => relative(t, steps)),
        gradNorm: Float64Array.from(run.gradNorm, (v) => v ?? Number.NaN),
      };
      for (const [form, input] of [["full", whole] as const, thinned(whole, d), sparse(whole, d)]) {
        const f = features(input);
        if (f) lines.push([family, form, label, ...NAMES.map((n) => Number(f[n].toPrecision(4)))].join("\t"));
      }
    }
  }
  const made = new Set(lines.map((line) => line.split("\t", 1)[0]!));
  const kept = readTable(ROWS).cells.filter(([family]) => !made.has(family!));
  lines.unshift(...kept.map((cells) => cells.join("\t")));
  const text = `${["family", "form", "label", ...NAMES].join("\t")}\n${lines.join("\n")}\n`;
  writeFileSync(ROWS, gzipSync(text, { level: 9 }));
  console.log(`${lines.length} rows, of these ${lines.length - kept.length} of ${tasks.length} new tasks`);
}

const TORCH_FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^(iris|wine|cancer)/, "small tables"],
  [/^digits/, "digits"],
  [/^autoencoder/, "autoencoders"],
  [/^(moons|circles|blobs|noisy)/, "synthetic classes"],
  [/^char/, "characters"],
  [/^/, "regression"],
];
/** Outside the feature's range: trees can tell it from every known value. */
const UNKNOWN = -30;
const NOMINAL_POINTS: Readonly<Record<string, number>> = { full: 2.7, bare: 2.7, window: 2 };

function readTable(url: URL): { readonly columns: readonly string[]; readonly cells: string[][] } {
  const [head, ...lines] = gunzipSync(readFileSync(url)).toString("utf8").trim().split("\n");
  return { columns: head!.split("\t").slice(3), cells: lines.map((line) => line.split("\t")) };
}

function readRows(): Row[] {
  const row = ([family, form, label, ...x]: string[]): Row => ({
    family: family!,
    form: form!,
    label: CLASSES.indexOf(label as never),
    x: x.map(Number),
  });
  const own = readTable(ROWS);
  const torch = readTable(TORCH_ROWS);
  if (own.columns.join() !== NAMES.join())
    throw new Error("the rows have other features: run `fit-verdict rows` again");
  const old = torch.cells.map(row).map((r) => ({
    ...r,
    family: TORCH_FAMILIES.find(([pattern]) => pattern.test(r.family))![1],
    x: [...r.x, NOMINAL_POINTS[r.form]!, ...NAMES.slice(r.x.length + 1).map(() => UNKNOWN)],
  }));
  return [...own.cells.map(row), ...old];
}

const train = (rows: readonly Row[]): VerdictModel =>
  boost(
    rows.map((r) => ({ x: r.x, label: r.label, weight: FORM_WEIGHT[r.form] ?? 1 })),
    CLASSES.length,
    JSON.parse(process.env["BOOST"] ?? "{}"),
  );

interface Scored extends Row {
  readonly p: readonly number[];
}

/** Every row judged by a model that has seen no run of its family; `SCORED=file` keeps them, and takes them from there. */
function judgeLeftOut(rows: readonly Row[]): Scored[] {
  const file = process.env["SCORED"];
  if (file && existsSync(file)) {
    const p = JSON.parse(readFileSync(file, "utf8")) as readonly (readonly number[])[];
    return rows.map((r, i) => ({ ...r, p: p[i]! }));
  }
  const families = [...new Set(rows.map((r) => r.family))].sort();
  const judged = new Map<Row, readonly number[]>();
  for (let fold = 0; fold < FOLDS; fold++) {
    const out = (r: Row): boolean => families.indexOf(r.family) % FOLDS === fold;
    const model = train(rows.filter((r) => !out(r)));
    for (const r of rows.filter(out)) judged.set(r, probabilities(model, r.x));
  }
  const scored = rows.map((r) => ({ ...r, p: judged.get(r)! }));
  if (file) writeFileSync(file, JSON.stringify(scored.map((s) => s.p.map((v) => Number(v.toFixed(5))))));
  return scored;
}

const percent = (part: number, all: number): string =>
  all === 0 ? "–" : `${((100 * part) / all).toFixed(1)} %`;

function figures(scored: readonly Scored[]): readonly string[] {
  const sets = scored.map((s) => ({ ...s, ...verdictSet(s.p) }));
  const holds = (s: (typeof sets)[number]): boolean =>
    s.verdicts.length <= 2 && s.verdicts.includes(CLASSES[s.label]!);
  const single = sets.filter((s) => s.verdicts.length === 1);
  const sure = sets.filter((s) => s.verdicts.length <= 2 && s.confidence >= 0.8);
  const good = sets.filter((s) => CLASSES[s.label] === "good");
  const recall = (answered: readonly (typeof sets)[number][]): number =>
    CLASSES.reduce((a, c) => {
      const of = answered.filter((s) => CLASSES[s.label] === c);
      return a + of.filter(holds).length / Math.max(1, of.length);
    }, 0);
  return [
    String(scored.length),
    percent(sets.filter(holds).length, sets.length),
    percent(single.filter(holds).length, single.length),
    percent(good.filter((s) => s.verdicts.length === 1 && s.verdicts[0] !== "good").length, good.length),
    percent(sure.filter(holds).length, sure.length),
    percent(recall(single), CLASSES.length),
    percent(recall(sets.filter((s) => s.verdicts.length <= 2)), CLASSES.length),
    percent(sets.length - single.length, sets.length),
    percent(sets.filter((s) => s.verdicts.length > 2).length, sets.length),
  ];
}

function leftOut(): void {
  const rows = readRows();
  const scored = judgeLeftOut(rows);
  const surprise = scored.reduce((a, s) => a - Math.log(Math.max(1e-9, s.p[s.label]!)), 0) / scored.length;
  console.log(`log loss at temperature ${TEMPERATURE}: ${surprise.toFixed(3)}\n`);
  const head = [
    "left out",
    "runs",
    "right",
    "right, one word",
    "good told to change",
    "right at confidence ≥ 0.8",
    "macro recall, one word",
    "macro recall, at most two",
    "no single word",
    "more than two words",
  ];
  console.log(`| ${head.join(" | ")} |\n| ${head.map(() => "---").join(" | ")} |`);
  const line = (name: string, of: readonly Scored[]): void =>
    console.log(`| ${[name, ...figures(of)].join(" | ")} |`);
  for (const family of [...new Set(scored.map((s) => s.family))])
    line(
      family,
      scored.filter((s) => s.family === family),
    );
  line("**all**", scored);
  const fresh = scored.filter((s) => !TORCH_FAMILIES.some(([, name]) => name === s.family));
  line(
    "every step",
    fresh.filter((s) => s.form === "full"),
  );
  const kept = (form: string): Scored[] => fresh.filter((s) => s.form.endsWith(form));
  const few = (s: Scored): boolean => s.form.startsWith("sparse");
  line(
    "every 2nd–100th step, one batch",
    kept("every").filter((s) => !few(s)),
  );
  line(
    "every 2nd–100th step, means",
    kept("mean").filter((s) => !few(s)),
  );
  const under10 = (s: Scored): boolean => 10 ** s.x[NAMES.indexOf("points")]! < FEW_POINTS - 0.5;
  line(
    "10–40 points",
    scored.filter((s) => few(s) && !under10(s)),
  );
  line("7–9 points", scored.filter(under10));
  line(
    `7–9 points, of a confidence ≥ ${SURE_ENOUGH}`,
    scored.filter((s) => under10(s) && verdictSet(s.p).confidence >= SURE_ENOUGH),
  );
  console.log(`\n| highest probability | runs | right |\n| --- | --- | --- |`);
  for (const [from, to] of [
    [0, 0.5],
    [0.5, 0.6],
    [0.6, 0.7],
    [0.7, 0.75],
    [0.75, 0.8],
    [0.8, 0.85],
    [0.85, 0.9],
    [0.9, 0.95],
    [0.95, 1.01],
  ] as const) {
    const bin = scored.filter((s) => Math.max(...s.p) >= from && Math.max(...s.p) < to);
    const right = bin.filter((s) => s.p.indexOf(Math.max(...s.p)) === s.label).length;
    console.log(`| ${from}–${Math.min(1, to)} | ${bin.length} | ${percent(right, bin.length)} |`);
  }
}

function fit(): void {
  const model = train(readRows());
  const trees = model.trees.map(
    (stage) => `  [\n${stage.map((t) => `    ${JSON.stringify(t)},`).join("\n")}\n  ],`,
  );
  writeFileSync(
    WEIGHTS,
    `/** Written by scripts/fit-verdict.ts from the rows in scripts/verdict; do not edit. */\n` +
      `// biome-ignore-all format: one tree a line\n// biome-ignore-all lint: numbers that come near constants are not constants\n` +
      `import type { VerdictModel } from "./verdict-model.ts";\n\n` +
      `export const VERDICT_MODEL: VerdictModel = ${JSON.stringify({ bias: model.bias.map((b) => Number(b.toFixed(4))) }).slice(0, -1)}, trees: [\n${trees.join("\n")}\n] };\n`,
  );
}

const [command, ...paths] = process.argv.slice(2);
if (command === "rows" && paths.length > 0) makeRows(paths);
else if (command === "left-out") leftOut();
else if (command === "fit") fit();
else throw new Error("usage: fit-verdict.ts rows RUNS.jsonl… | left-out | fit");
