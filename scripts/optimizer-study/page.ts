/** The study's tables in docs/which-optimizer.md, between their marks. */
import { readFileSync, writeFileSync } from "node:fs";
import type { CompareResult } from "../../src/tune/compare/compare.ts";

/** What the study says of a task. */
export interface Outcome {
  readonly task: string;
  readonly result: CompareResult;
  /** Of the whole study of it, in trainings. */
  readonly cost: number;
  readonly best: { readonly label: string; readonly steps: number; readonly missed: number };
  readonly advised: Advised;
}

/** What the advice for a task named, cost, and is worth: steps to the study's target with the study's fresh seeds. */
interface Advised {
  readonly sentence: string;
  readonly optimizer: { readonly name: string; readonly [option: string]: unknown } | null;
  readonly cost: number;
  /** Geometric mean over the fresh seeds, a whole run where one missed the target; how many did. */
  readonly steps: number;
  readonly missed: number;
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
    ["task", "advice", "its steps over the best's", "cost", "of exhaustive"],
    ...outcomes.map(({ task, best, cost, advised }) => {
      const { lr, name, ...options } = advised.optimizer ?? { name: "none", lr: Number.NaN };
      const shown = [name, ...Object.entries(options).map(([k, v]) => `${k}=${String(v)}`)].join(" ");
      return [
        task,
        `${shown} at ${two(Number(lr))}`,
        `${(advised.steps / best.steps).toFixed(2)}${advised.missed > 0 ? ` (${advised.missed} of 5 seeds missed)` : ""}`,
        two(advised.cost),
        `${Math.round((100 * advised.cost) / cost)} %`,
      ];
    }),
  ]);
}

function adviceSentence(outcomes: readonly Outcome[]): string {
  const near = outcomes.filter(({ best, advised }) => advised.steps <= NEAR * best.steps);
  const cheap = outcomes.filter(({ cost, advised }) => advised.cost <= cost / 2);
  return `The advice landed within 5 % of the best's steps in ${near.length} of ${outcomes.length} tasks${near.length > 0 ? ` (${near.map((o) => o.task).join(", ")})` : ""}, and cost at most half of the exhaustive search in ${cheap.length}.`;
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
