/**
 * Measures `find-lr` where the answer is known, and writes the tables of docs/find-lr.md between their marks:
 * noisy quadratics against the optimizers' stability limits, beside other tools' rules; the digits run against a grid and a rate set by hand.
 * Takes some ten minutes: npx jiti scripts/find-lr-proof.ts [quadratics|digits]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { nodeHost } from "../src/data/node-host.ts";
import { chooseBackend } from "../src/engine/registry.ts";
import { findOptimizer, resolveOptions } from "../src/optim/index.ts";
import { mean } from "../src/run/mean.ts";
import { readRunFile } from "../src/run/node-run-file.ts";
import { parseOverrides } from "../src/run/overrides.ts";
import type { RunSpec } from "../src/run/spec.ts";
import { type BuiltRun, buildRun } from "../src/train/build.ts";
import { findLr } from "../src/tune/find-lr/find-lr.ts";
import { rules } from "../src/tune/find-lr/other-tools.ts";
import { sweep } from "../src/tune/find-lr/range-test.ts";
import { runStepper } from "../src/tune/find-lr/run-stepper.ts";
import type { FindLrResult } from "../src/tune/find-lr/types.ts";
import { type Quadratic, quadratic, quadraticRun } from "../test/tune/noisy-quadratic.ts";
import { withBlock } from "./docs/markdown.ts";

const page = new URL("../docs/find-lr.md", import.meta.url);
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
  const entry = findOptimizer(String(name));
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
  const found = await findLr(run, { curvature: false });
  const stepper = runStepper(run);
  const theirs: Record<string, number | null> = {};
  for (const rule of rules) {
    const { lrs, losses } = await sweep(stepper, {
      ...rule.sweep,
      seed: run.spec.seed,
      highest: 0,
      stop: false,
    });
    const lr = rule.choose(lrs, losses);
    theirs[rule.id] = lr === null ? null : lr / limit;
  }
  stepper.restore();
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
        `| ${nameOf(optimizer)} | ${who} | ${Math.round(100 * s.inside)} % | ${show(s.median)} | ${show(s.p10)}–${show(s.p90)} | ${(s.p90 / s.p10).toPrecision(3)}× | ${s.none} |`,
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
        const found = await findLr(await quadraticRun(q, optimizer), { curvature: false });
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

const SEEDS = [42, 43, 44] as const;

interface Trained {
  readonly lr: number;
  readonly training: number;
  readonly validation: number;
  readonly accuracy: number;
}

interface Measured {
  readonly found: FindLrResult;
  readonly grid: readonly Trained[];
  readonly suggested: Trained;
}

/** The search, and full trainings over a grid and at the suggestion: means of three seeds. */
async function measure(spec: RunSpec, rates: (suggestion: number) => readonly number[]): Promise<Measured> {
  const backend = await chooseBackend(spec.backend);
  const host = nodeHost();
  const found = await findLr(await buildRun(spec, { host, backend }), { budget: BUDGET });
  if (found?.suggestion == null) throw new Error(`no suggestion: ${found?.reason}`);
  say(`${spec.name}: suggested ${found.suggestion}`);
  const runs = await Promise.all(SEEDS.map((seed) => buildRun({ ...spec, seed }, { host, backend })));
  const at = (lr: number): Trained => {
    const ends = runs.map((run) => trainAt(run, lr));
    const average = (key: "training" | "validation" | "accuracy"): number => mean(ends.map((e) => e[key]));
    const [training, validation, accuracy] = [
      average("training"),
      average("validation"),
      average("accuracy"),
    ];
    say(`lr ${show(lr)}: ${show(training)}, validation ${show(validation)}`);
    return { lr, training, validation, accuracy };
  };
  return { found, grid: rates(found.suggestion).map(at), suggested: at(found.suggestion) };
}

const lowest = (grid: readonly Trained[], key: "training" | "validation"): Trained =>
  grid.reduce((a, b) => (b[key] < a[key] ? b : a));
const example = (name: string, overrides: readonly string[] = []): Promise<RunSpec> =>
  readRunFile(new URL(`../examples/${name}`, import.meta.url).pathname, {
    overrides: parseOverrides(overrides),
  });

/** What the example's author wrote, and the budget that the search gets beside it. */
const HAND_SET = 0.003;
const BUDGET = 1.5;

async function digits(): Promise<string> {
  const { found, grid, suggested } = await measure(await example("digits.json"), () =>
    [1 / 2, 1, 2, 4, 8, 16].map((x) => x * HAND_SET),
  );
  const over = (key: "training" | "validation"): string => {
    const times = show(suggested[key] / lowest(grid, key)[key]);
    return times === "1" ? "the best of the grid" : `${times} times the best of the grid`;
  };
  const cells = (r: Trained, name: string): string =>
    [
      `${show(r.lr)}${name}`,
      r.training.toPrecision(3),
      r.validation.toPrecision(3),
      `${(100 * r.accuracy).toFixed(2)} %`,
    ].join(" | ");
  const named = (r: Trained): string =>
    r === suggested ? ", suggested" : r.lr === HAND_SET ? ", by hand" : "";
  return [
    `Suggested: ${found.suggestion} (the best between ${found.spread!.map(show).join(" and ")}, confidence ${found.confidence}), at a cost of ${show(found.cost)} trainings. Its final validation loss is ${over("validation")}, its training loss ${over("training")}.`,
    "",
    "| lr | training loss, last epoch | validation loss | validation accuracy |",
    "| --- | --- | --- | --- |",
    ...[...grid, suggested].sort((x, y) => x.lr - y.lr).map((r) => `| ${cells(r, named(r))} |`),
  ].join("\n");
}

function trainAt(run: BuiltRun, lr: number): { training: number; validation: number; accuracy: number } {
  const { rate, totalSteps, plan, step, spec } = run;
  if (rate.followsMetric) throw new Error("the digits run has a schedule of steps");
  step.redraw(spec.seed);
  const last = Math.min(plan.stepsPerEpoch, totalSteps);
  let sum = 0;
  for (let k = 0; k < totalSteps; k++) {
    const { loss } = run.advance(k, (rate.lrAt(k) / run.lr) * lr, rate.momentumAt(k));
    if (k >= totalSteps - last) sum += loss;
  }
  const held = run.evaluate("validation")!;
  // a grid reaches where training breaks down
  const or = (x: number | undefined): number =>
    x !== undefined && Number.isFinite(x) ? x : Number.POSITIVE_INFINITY;
  return {
    training: or(sum / last),
    validation: or(held["loss"]),
    accuracy: held["accuracy"] ?? Number.NaN,
  };
}

const write = (mark: string, text: string): void =>
  writeFileSync(page, withBlock(readFileSync(page, "utf8"), mark, text));

const wanted = process.argv[2];
if (wanted === undefined || wanted === "quadratics") {
  write("quadratics", await quadratics());
  write("noise", await byNoise());
}
if (wanted === undefined || wanted === "digits") write("digits", await digits());
