/** The study's tables in docs/which-optimizer.md, between their marks. */
import { readFileSync, writeFileSync } from "node:fs";
import type { CompareResult } from "../../src/tune/compare/compare.ts";

/** What the study says of a task. */
export interface Outcome {
  readonly task: string;
  readonly result: CompareResult;
  /** Of the whole study of it, in trainings. */
  readonly cost: number;
  readonly best: { readonly label: string; readonly judged: Timed } & Timed;
  readonly advised: Advised;
}

/** On the way to the study's target. */
export interface Timed {
  /** Geometric mean over the seeds, a whole run where one missed the target; how many did. */
  readonly steps: number;
  readonly missed: number;
}

/** What the advice for a task named, cost, and is worth: with the study's five seeds, and with seeds that chose nothing at all. */
interface Advised extends Timed {
  readonly sentence: string;
  readonly optimizer: { readonly name: string; readonly [option: string]: unknown } | null;
  readonly cost: number;
  readonly judged: Timed;
}

/** Lands within so much of the best. */
const NEAR = 1.05;

const two = (x: number): string => String(Number(x.toPrecision(x < 10 ? 2 : 3)));
const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const tableOf = (rows: readonly (readonly string[])[]): string =>
  [row(rows[0]!), row(rows[0]!.map(() => "---")), ...rows.slice(1).map(row)].join("\n");

/** Steps over those of the fastest, with the race's seeds; null where the target was never reached while rates were chosen. */
function relative({
  race,
  contestants,
}: CompareResult): Map<string, { steps: number; seconds: number; missed: number } | null> {
  const all = new Map<string, { steps: number; seconds: number; missed: number } | null>(
    contestants.map((c) => [c.label, null]),
  );
  if (race === null) return all;
  all.set(race.favourite, { steps: 1, seconds: 1, missed: race.missed });
  for (const { label, ratio, seconds, missed } of race.rivals)
    all.set(label, { steps: 1 / ratio, seconds: 1 / (seconds ?? Number.NaN), missed });
  const min = Math.min(...[...all.values()].flatMap((x) => x?.steps ?? []));
  for (const [label, x] of all) if (x !== null) all.set(label, { ...x, steps: x.steps / min });
  return all;
}

function stepsTable(outcomes: readonly Outcome[]): string {
  const found = outcomes.map((o) => relative(o.result));
  const labels = [...new Set(found.flatMap((f) => [...f.keys()]))];
  const reached = (label: string): number => found.filter((f) => f.get(label) != null).length;
  const middle = (label: string): number => {
    const logs = found.map((f) => Math.log(f.get(label)?.steps ?? 10)).sort((a, b) => a - b);
    return (logs[(logs.length - 1) >> 1]! + logs[logs.length >> 1]!) / 2;
  };
  labels.sort((a, b) => middle(a) - middle(b) || reached(b) - reached(a));
  return tableOf([
    ["optimizer", ...outcomes.map((o) => o.task), "reached"],
    ...labels.map((label) => [
      label,
      ...found.map((f) => {
        const x = f.get(label);
        return x == null ? "–" : `${x.missed > 0 ? "≥ " : ""}${x.steps < 1.005 ? "**1**" : two(x.steps)}`;
      }),
      `${reached(label)} of ${found.length}`,
    ]),
  ]);
}

function tasksTable(outcomes: readonly Outcome[]): string {
  return tableOf([
    [
      "task",
      "loss at the start",
      "target",
      "fastest",
      "steps there",
      "favourite",
      "slower than it",
      "faster",
      "not told",
      "never there",
    ],
    ...outcomes.map(({ task, result, best }) => {
      const { race } = result;
      const count = (...verdicts: string[]): string =>
        String((race?.rivals ?? []).filter((r) => verdicts.includes(r.verdict)).length);
      return [
        task,
        two(result.start),
        two(result.target?.loss ?? Number.NaN),
        best.label,
        two(best.steps),
        race?.favourite ?? "–",
        count("ahead"),
        count("behind"),
        count("tie", "undecided"),
        String(race?.absent.length ?? 0),
      ];
    }),
  ]);
}

function adviceTable(outcomes: readonly Outcome[]): string {
  return tableOf([
    [
      "task",
      "exhaustive: best of 16",
      "advice",
      "its steps over the best's, 20 seeds",
      "the study's 5",
      "cost",
      "of exhaustive",
    ],
    ...outcomes.map(({ task, best, cost, advised }) => {
      const { lr, name, ...options } = advised.optimizer ?? { name: "none", lr: Number.NaN };
      const shown = [name, ...Object.entries(options).map(([k, v]) => `${k}=${String(v)}`)].join(" ");
      return [
        task,
        best.label,
        `${shown} at ${two(Number(lr))}`,
        `${(advised.judged.steps / best.judged.steps).toFixed(2)}${missedWords(advised.judged, best.judged)}`,
        (advised.steps / best.steps).toFixed(2),
        two(advised.cost),
        `${Math.round((100 * advised.cost) / cost)} %`,
      ];
    }),
  ]);
}

const missedWords = (advised: Timed, best: Timed): string =>
  advised.missed + best.missed === 0
    ? ""
    : ` (missed the target with ${advised.missed}, the best with ${best.missed})`;

function adviceSentence(outcomes: readonly Outcome[]): string {
  const near = (of: (o: Outcome) => number): readonly Outcome[] => outcomes.filter((o) => of(o) <= NEAR);
  const judged = near(({ best, advised }) => advised.judged.steps / best.judged.steps);
  const five = near(({ best, advised }) => advised.steps / best.steps);
  const far = outcomes.filter((o) => !judged.includes(o)).map((o) => o.task);
  const cheap = outcomes.filter(({ cost, advised }) => advised.cost <= cost / 2);
  return `By the twenty seeds the advice landed within 5 % of the best's steps in ${judged.length} of ${outcomes.length} tasks${far.length > 0 ? ` (not in ${far.join(", ")})` : ""}; by the study's own five in ${five.length}. It cost at most half of the exhaustive search in ${cheap.length}.`;
}

/** Replaces what stands between the marks of each part. */
export function writePage(page: URL, outcomes: readonly Outcome[]): void {
  const parts = {
    tasks: tasksTable(outcomes),
    steps: stepsTable(outcomes),
    advice: `${adviceTable(outcomes)}\n\n${adviceSentence(outcomes)}`,
  };
  let text = readFileSync(page, "utf8");
  for (const [name, content] of Object.entries(parts)) {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(open) + open.length, text.indexOf(close)];
    text = `${text.slice(0, from)}\n\n${content}\n\n${text.slice(to)}`;
  }
  writeFileSync(page, text);
}
