/**
 * Measures `find-lr` where the answer is known, and writes the tables of docs/find-lr.md between their marks:
 * noisy quadratics against the optimizers' stability limits, beside other tools' rules; the digits run against a grid.
 * Takes some ten minutes: npx jiti scripts/find-lr-proof.ts [quadratics|digits]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { nodeHost } from "../src/data/node-host.ts";
import { chooseBackend } from "../src/engine/registry.ts";
import { optimizerEntry, resolveOptions } from "../src/optim/index.ts";
import { isMetricSchedule } from "../src/optim/schedules/index.ts";
import { readRunFile } from "../src/run/node-run-file.ts";
import { type BuiltRun, buildRun } from "../src/train/build.ts";
import { findLr } from "../src/tune/find-lr.ts";
import { trialOf } from "../src/tune/find-lr-trial.ts";
import { sweep } from "../src/tune/range-test.ts";
import { rules } from "../src/tune/rules.ts";
import { type Quadratic, quadratic, quadraticRun } from "../test/tune/noisy-quadratic.ts";

const page = new URL("../docs/find-lr.md", import.meta.url);
const clock = { now: () => performance.now(), pause: () => new Promise<void>((r) => setImmediate(r)) };
const PROBLEMS = 40;
const INSIDE = [0.05, 0.9] as const;

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
const show = (x: number): string => String(Number(x.toPrecision(2)));

const OPTIMIZERS: readonly Readonly<Record<string, unknown>>[] = [
  { name: "sgd" },
  { name: "sgd", momentum: 0.9 },
  { name: "nag", momentum: 0.9 },
  { name: "ema-momentum", beta: 0.9 },
];

function limitOf({ name, ...given }: Readonly<Record<string, unknown>>, largest: number): number {
  const entry = optimizerEntry(String(name));
  const specs = Object.fromEntries(entry.options.map(({ name: key, ...spec }) => [key, spec]));
  return entry.stabilityLimit!.limit(resolveOptions(entry.name, specs, given), largest);
}

/** Suggestions over the true limit; null where there is none. */
interface Ratios {
  readonly ours: number | null;
  /** One sweep of the tool's own length and range, as it is used. */
  readonly rules: Readonly<Record<string, number | null>>;
}

async function onQuadratic(q: Quadratic, optimizer: Readonly<Record<string, unknown>>): Promise<Ratios> {
  const run = await quadraticRun(q, optimizer);
  const limit = limitOf(optimizer, q.largest);
  const found = await findLr(run, { clock, curvature: false });
  const trial = trialOf(run);
  const theirs: Record<string, number | null> = {};
  for (const rule of rules) {
    const { lrs, losses } = await sweep(trial, {
      ...rule.sweep,
      seed: run.spec.seed,
      highest: 0,
      stop: false,
    });
    const lr = rule.choose(lrs, losses);
    theirs[rule.id] = lr === null ? null : lr / limit;
  }
  trial.restore();
  return { ours: found!.suggestion === null ? null : found!.suggestion / limit, rules: theirs };
}

interface Score {
  readonly none: number;
  readonly inside: number;
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
}

function score(ratios: readonly (number | null)[]): Score {
  const known = ratios.filter((r) => r !== null).sort((a, b) => a - b);
  const at = (share: number): number => known[Math.round(share * (known.length - 1))] ?? Number.NaN;
  return {
    none: ratios.length - known.length,
    inside: known.filter((r) => r >= INSIDE[0] && r <= INSIDE[1]).length / ratios.length,
    median: at(0.5),
    p10: at(0.1),
    p90: at(0.9),
  };
}

const nameOf = ({ name, ...options }: Readonly<Record<string, unknown>>): string =>
  [name, ...Object.entries(options).map(([k, v]) => `${k} ${v}`)].join(", ");

async function quadratics(): Promise<string> {
  const lines = [
    "| optimizer | who | within 0.05–0.9 of the limit | median | 10th–90th percentile | spread | no answer |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  for (const optimizer of OPTIMIZERS) {
    const all: Ratios[] = [];
    for (let id = 0; id < PROBLEMS; id++) all.push(await onQuadratic(quadratic(id), optimizer));
    const row = (who: string, ratios: readonly (number | null)[]): void => {
      const s = score(ratios);
      lines.push(
        `| ${nameOf(optimizer)} | ${who} | ${Math.round(100 * s.inside)} % | ${show(s.median)} | ${show(s.p10)}–${show(s.p90)} | ${show(s.p90 / s.p10)}× | ${s.none} |`,
      );
    };
    row(
      "**find-lr**",
      all.map((a) => a.ours),
    );
    for (const rule of rules)
      row(
        rule.title,
        all.map((a) => a.rules[rule.id]!),
      );
    say(nameOf(optimizer));
  }
  return lines.join("\n");
}

const NOISES = [0, 0.03, 0.1, 0.3, 1] as const;

async function byNoise(): Promise<string> {
  const lines = [
    `| noise over the first gradient | ${OPTIMIZERS.map(nameOf).join(" | ")} |`,
    `| --- | ${OPTIMIZERS.map(() => "---").join(" | ")} |`,
  ];
  for (const noise of NOISES) {
    const cells: string[] = [];
    for (const optimizer of OPTIMIZERS) {
      const ratios: (number | null)[] = [];
      for (let id = 0; id < PROBLEMS; id++) {
        const q = quadratic(id, noise);
        const found = await findLr(await quadraticRun(q, optimizer), { clock, curvature: false });
        ratios.push(found!.suggestion === null ? null : found!.suggestion / limitOf(optimizer, q.largest));
      }
      const s = score(ratios);
      cells.push(
        `${Math.round(100 * s.inside)} %, median ${show(s.median)}${s.none > 0 ? `, ${s.none} refused` : ""}`,
      );
    }
    lines.push(`| ${noise} | ${cells.join(" | ")} |`);
    say(`noise ${noise}`);
  }
  return lines.join("\n");
}

/** 12 rates for each decade around the suggestion. */
const GRID = { perDecade: 12, from: 0.002, to: 0.1 };
const SEEDS = [42, 43, 44] as const;

async function digits(): Promise<string> {
  const spec = await readRunFile(new URL("../examples/digits.json", import.meta.url).pathname);
  const backend = await chooseBackend(spec.backend);
  const built = await buildRun(spec, { host: nodeHost(), backend });
  const found = await findLr(built, { clock });
  if (found?.suggestion == null) throw new Error(`no suggestion: ${found?.reason}`);
  say(`suggested ${found.suggestion}`);
  const n = Math.round(GRID.perDecade * Math.log10(GRID.to / GRID.from));
  const grid = Array.from({ length: n + 1 }, (_, i) => GRID.from * (GRID.to / GRID.from) ** (i / n));
  const runs = await Promise.all(
    SEEDS.map((seed) => buildRun({ ...spec, seed }, { host: nodeHost(), backend })),
  );
  const results: { lr: number; training: number; validation: number; accuracy: number }[] = [];
  for (const lr of [...grid, found.suggestion]) {
    const ends = runs.map((run) => trainAt(run, lr));
    const average = (key: "training" | "validation" | "accuracy"): number =>
      ends.reduce((sum, e) => sum + e[key], 0) / ends.length;
    results.push({
      lr,
      training: average("training"),
      validation: average("validation"),
      accuracy: average("accuracy"),
    });
    say(`lr ${show(lr)}: ${show(results.at(-1)!.training)}, validation ${show(results.at(-1)!.validation)}`);
  }
  const suggested = results.pop()!;
  const best = Math.min(...results.map((r) => r.training));
  const bestHeldOut = Math.min(...results.map((r) => r.validation));
  const cells = (r: (typeof results)[number], bold: boolean): string =>
    [show(r.lr), r.training.toPrecision(3), r.validation.toPrecision(3), `${(100 * r.accuracy).toFixed(2)} %`]
      .map((c) => (bold ? `**${c}**` : c))
      .join(" | ");
  return [
    `Suggested: ${found.suggestion} (${found.spread!.map(show).join(" to ")} over the seeds, confidence ${found.confidence}), after ${found.steps} steps. Its final training loss is ${show(suggested.training / best)} times the best of the grid, its validation loss ${show(suggested.validation / bestHeldOut)} times the best.`,
    "",
    "| lr | training loss, last epoch | validation loss | validation accuracy |",
    "| --- | --- | --- | --- |",
    ...[...results.map((r) => ({ r, bold: false })), { r: suggested, bold: true }]
      .sort((a, b) => a.r.lr - b.r.lr)
      .map(({ r, bold }) => `| ${cells(r, bold)} |`),
  ].join("\n");
}

function trainAt(run: BuiltRun, lr: number): { training: number; validation: number; accuracy: number } {
  const { schedule, totalSteps, plan, step, spec } = run;
  if (isMetricSchedule(schedule)) throw new Error("the digits run has a schedule of steps");
  step.redraw(spec.seed);
  let sum = 0;
  for (let k = 0; k < totalSteps; k++) {
    const { loss } = run.advance(k, (schedule(k) / run.lr) * lr, schedule.momentumAt?.(k));
    if (k >= totalSteps - plan.stepsPerEpoch) sum += loss;
  }
  const held = run.evaluate("validation")!;
  return { training: sum / plan.stepsPerEpoch, validation: held["loss"]!, accuracy: held["accuracy"]! };
}

function write(mark: string, text: string): void {
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- end of ${mark} -->`];
  const before = readFileSync(page, "utf8");
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < 0) throw new Error(`docs/find-lr.md has no marks for ${mark}`);
  writeFileSync(page, `${before.slice(0, from + begin.length)}\n${text}\n${before.slice(to)}`);
}

const wanted = process.argv[2];
if (wanted === undefined || wanted === "quadratics") {
  write("quadratics", await quadratics());
  write("noise", await byNoise());
}
if (wanted === undefined || wanted === "digits") write("digits", await digits());
