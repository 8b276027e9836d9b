/**
 * Small made-up logs, each for a kind of program: what is in them is written out here, from their own text
 * (`grep`, `awk`), not from the reader.
 */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type RunLog, seriesOf } from "../../src/logs/index.ts";
import type { Objective, Role } from "../../src/run/log.ts";
import { read } from "./helpers.ts";

interface Expected {
  readonly role?: Role;
  readonly n: number;
  /** First and last step. */
  readonly steps: readonly [number, number];
  readonly first: number;
  readonly last: number;
  readonly objective?: Objective;
  readonly unit?: RunLog["stepUnit"];
  /** Further series that must be there with as many points. */
  readonly also?: readonly (readonly [Role, number])[];
}

const CASES: Readonly<Record<string, Expected>> = {
  "sentence-at-step.txt": { n: 40, steps: [0, 9750], first: 2.2, last: 0.30723 },
  "sentence-cost-after.txt": { n: 40, steps: [0, 1950], first: 2.2, last: 0.30723 },
  "counter-sentence.log": { n: 30, steps: [0, 2900], first: 2.4949, last: 0.4407 },
  "epoch-glued-in-name.txt": { n: 40, steps: [1, 40], first: 2.2, last: 0.3072, unit: "epoch" },
  "nan-tensor.log": { n: 40, steps: [0, 390], first: 2.4949, last: Number.NaN },
  "nan-padded.log": { n: 40, steps: [0, 390], first: 2.4949, last: Number.NaN },
  "source-file-named-loss.log": {
    n: 30,
    steps: [1000, 30000],
    first: -24.949,
    last: -4.407,
    objective: "score",
  },
  "table-whitespace.txt": { n: 30, steps: [1, 30], first: 2.4949, last: 0.4407, unit: "epoch" },
  "table-header-every-row.txt": {
    n: 30,
    steps: [40, 1200],
    first: 2.4949 + 0.83163,
    last: 0.4407 + 0.1469,
    objective: "part",
  },
  "table-pipe-units-header.txt": { n: 30, steps: [20, 600], first: 2.4949, last: 0.4407 },
  "block-step-line-first.txt": {
    n: 30,
    steps: [0, 725],
    first: 2.4949,
    last: 0.4407,
    also: [["gradNorm", 30]],
  },
  "block-summary-then-parts.log": { n: 30, steps: [0, 290], first: 15, last: 2.5003, also: [["lr", 30]] },
  "counter-bracket-alone.log": { n: 30, steps: [1000, 30000], first: 2.495, last: 0.441, also: [["lr", 30]] },
  "counter-bare-bracket-boosting.txt": {
    n: 30,
    steps: [0, 29],
    first: 2.4949,
    last: 0.4407,
    objective: "boosting",
    also: [["validation", 30]],
  },
  "counter-current-steps.jsonl": { n: 30, steps: [10, 300], first: 2.4949, last: 0.4407 },
  "percent-before-counter.txt": { n: 30, steps: [1, 30], first: 2.4949, last: 0.4407 },
  "date-month-day.log": { n: 30, steps: [0, 580], first: 2.4949, last: 0.4407 },
  "fullwidth-colon.log": {
    n: 30,
    steps: [1, 30],
    first: 2.093,
    last: 0.4135,
    unit: "epoch",
    also: [["lr", 30]],
  },
  "phase-line-before.txt": {
    n: 30,
    steps: [0, 29],
    first: 2.4949,
    last: 0.4407,
    unit: "epoch",
    also: [
      ["validation", 30],
      ["validationAccuracy", 30],
    ],
  },
  "validation-step-is-epoch.jsonl": { n: 30, steps: [50, 1500], first: 2.4949, last: 0.4407 },
  "command-line-echo.log": {
    n: 30,
    steps: [0, 29],
    first: 2.4949,
    last: 0.4407,
    unit: "epoch",
    also: [["validation", 30]],
  },
  "validation-only.log": {
    role: "validation",
    n: 24,
    steps: [1000, 24000],
    first: 3.3,
    last: 87.3365,
    objective: "validation-only",
  },
  "perplexity-only.log": {
    n: 30,
    steps: [10, 300],
    first: Math.log(1780.59),
    last: Math.log(3.75),
    objective: "perplexity",
  },
  "xent-only-nan.log": { n: 32, steps: [50, 1600], first: 2.4949, last: Number.NaN },
  "rl-ppo.csv": { n: 90, steps: [128, 11520], first: 4000, last: 8234.05, objective: "reinforcement" },
  "flat-at-chance.csv": { n: 80, steps: [500, 40000], first: 5.545, last: 5.545 },
  "loss-all-zero.log": { n: 60, steps: [0, 59], first: 0, last: 0, also: [["gradNorm", 60]] },
  "fast-fall-then-flat.csv": { n: 200, steps: [0, 9950], first: 4000, last: 1.9961 },
  "parts-only-losses.csv": {
    n: 60,
    steps: [0, 59],
    first: 1.6 + 2.6 + 1.5,
    last: 0.6944 + 0.4161 + 1.0262,
    unit: "epoch",
    objective: "part",
  },
  "notebook.ipynb": { n: 30, steps: [100, 3000], first: 2.4949, last: 0.4407 },
  "batch-outliers.csv": { n: 6000, steps: [0, 5999], first: 5.434, last: 2.8457 },
  "nan-after-one-point.csv": { n: 7, steps: [1, 7], first: 0.61, last: Number.NaN, unit: "epoch" },
};

/** Some are cases of the doctor as well, and lie there. */
function locate(file: string): URL {
  const here = new URL(`cases/${file}`, import.meta.url);
  return existsSync(here) ? here : new URL(`../diagnose/cases/${file}`, import.meta.url);
}

test.each(Object.entries(CASES))("%s", async (file, expected) => {
  const logs = await read(readFileSync(locate(file)));
  expect(logs).toHaveLength(1);
  const log = logs[0]!;
  const series = seriesOf(log, expected.role ?? "loss")!;
  const { steps, values } = series;
  expect([steps[0], steps[steps.length - 1]]).toEqual(expected.steps);
  expect(values).toHaveLength(expected.n);
  expect(values[0]).toBeCloseTo(expected.first, 9);
  const last = values[values.length - 1]!;
  if (Number.isNaN(expected.last)) expect(last).toBeNaN();
  else expect(last).toBeCloseTo(expected.last, 2);
  expect(log.objective).toBe(expected.objective ?? "loss");
  expect(log.stepUnit).toBe(expected.unit ?? (file === "loss-all-zero.log" ? "row" : "step"));
  for (const [role, n] of expected.also ?? []) expect(seriesOf(log, role)?.values).toHaveLength(n);
});

test("a notebook's table in HTML (fastai) is read; one that is cut off is refused as what it is", async () => {
  const row = (cells: readonly (string | number)[], tag: string): string =>
    `<tr>${cells.map((c) => `<${tag}>${c}</${tag}>`).join("")}</tr>`;
  const html = `<table><thead>${row(["epoch", "train_loss", "valid_loss", "time"], "th")}</thead><tbody>${[0, 1, 2].map((e) => row([e, 2.5 - e, 2.75 - e, `00:0${e}`], "td")).join("")}</tbody></table>`;
  const document = JSON.stringify({
    cells: [
      {
        cell_type: "code",
        outputs: [
          {
            output_type: "display_data",
            data: { "text/html": [html], "text/plain": ["<IPython.core.display.HTML object>"] },
          },
        ],
      },
    ],
    nbformat: 4,
  });
  const [log] = await read(document);
  expect(log).toMatchObject({ format: "notebook", stepUnit: "epoch" });
  expect([...seriesOf(log!, "loss")!.values]).toEqual([2.5, 1.5, 0.5]);
  expect([...seriesOf(log!, "validation")!.values]).toEqual([2.75, 1.75, 0.75]);
  await expect(read(document.slice(0, -30))).rejects.toMatchObject({ id: "bad-notebook" });
});

test("each number of a console log has its role, the evidence and what was near", async () => {
  const [log] = await read(readFileSync(new URL("cases/sentence-at-step.txt", import.meta.url)));
  expect(log!.reading!.columns).toEqual([
    { name: "step", role: "step", why: "named 'step'; rises by equal steps", runnerUp: null },
    { name: "Average loss", role: "loss", why: "named 'Average loss'; falls", runnerUp: null },
  ]);
});
