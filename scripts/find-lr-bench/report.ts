/** The benchmark's tables, written into docs/find-lr.md between their marks. */
import { readFileSync, writeFileSync } from "node:fs";
import { rules } from "../../src/tune/find-lr/other-tools.ts";
import { bestOf, type Score, scoreGrids, scoreRate } from "./score.ts";
import { BUDGETS, type Found, MEASURES, readResults, type TaskResults } from "./searches.ts";
import type { Task } from "./tasks.ts";
import { type Measure, readTruth, type Truth } from "./truth.ts";
import { reasonOf } from "./why.ts";

const page = new URL("../../docs/find-lr.md", import.meta.url);

interface Case {
  readonly task: Task;
  readonly measure: Measure;
  readonly found: Found;
  /** Null: no rate was given. */
  readonly score: Score | null;
  readonly best: number;
}

type Who = readonly (readonly [id: string, title: string])[];

const WHO: Who = [
  ["find-lr", "**find-lr**"],
  ["grid", "a grid of whole trainings, one seed"],
  ["random", "random search of equal cost, runs of a quarter"],
  ...rules.map(({ id, title }) => [id, title] as const),
];

export function writeReport(tasks: readonly Task[]): void {
  const [truth, results] = [readTruth(), readResults()];
  const casesOf = (who: string, measure: Measure, group: readonly Task[]): Case[] =>
    group.flatMap((task) =>
      cases(task, { truth: truth[task.name]!, results: results[task.name]!, who, measure }),
    );
  const done = tasks.filter((t) => results[t.name] !== undefined);
  const fresh = done.filter((t) => t.group === "fresh");
  for (const [mark, group] of [
    ["fresh", fresh],
    ["in-sight", done.filter((t) => t.group !== "fresh")],
  ] as const)
    write(
      mark,
      summary((who, measure) => casesOf(who, measure, group)),
    );
  write("costs", costs(casesOf, fresh));
  const budgets: Who = [
    ["find-lr", "default: 1.5 to 4"],
    ...BUDGETS.map((budget): Who[number] => [`find-lr ${budget}`, `${budget} trainings`]),
  ];
  write(
    "budgets",
    summary((who, measure) => casesOf(who, measure, fresh), budgets),
  );
  const longest = `find-lr ${BUDGETS.at(-1)}`;
  const missed = MEASURES.flatMap((measure) => {
    const longer = casesOf(longest, measure, fresh);
    return casesOf("find-lr", measure, fresh).flatMap((c, i) =>
      within(3)(c) ? [] : [missRow(c, longer[i]!, truth[c.task.name]!)],
    );
  });
  write("misses", table(["task", "loss", "best", "found", "way lost", "alike", "why"], missed));
}

function cases(
  task: Task,
  { truth, results, who, measure }: { truth: Truth; results: TaskResults; who: string; measure: Measure },
): Case[] {
  if (who === "grid") {
    const cost = Object.keys(truth.rates).length;
    return scoreGrids(truth, measure).map(({ rate, best, score }) => ({
      task,
      measure,
      found: { rate, cost },
      score,
      best,
    }));
  }
  const found = results[`${who} ${measure}`] ?? results[who] ?? [];
  const best = 2 ** bestOf(truth, measure).x;
  return found.map((f) => ({
    task,
    measure,
    found: f,
    score: f.rate === null ? null : scoreRate(truth, measure, f.rate),
    best,
  }));
}

/** Rounding of the grids: a factor of two is one step. */
const within =
  (factor: number) =>
  ({ score }: Case): boolean =>
    score !== null && score.ratio <= 1.03 * factor && score.ratio >= 1 / (1.03 * factor);
/** Within a factor of three, or at a rate that does no worse as far as the grid's seeds tell. */
const good = (c: Case): boolean => within(3)(c) || c.score?.alike === true;
const wayKept = ({ score }: Case): boolean => score !== null && score.lost <= 0.05;
const percent = (all: readonly Case[], holds: (c: Case) => boolean): string =>
  `${Math.round((100 * all.filter(holds).length) / all.length)} %`;
const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1] ?? Number.NaN;

function summary(casesOf: (who: string, measure: Measure) => readonly Case[], who: Who = WHO): string {
  const rows = who.map(([who, title]) => {
    const [a, b] = MEASURES.map((measure) => casesOf(who, measure)) as [readonly Case[], readonly Case[]];
    const both = [...a, ...b];
    const cells = [a, b].flatMap((all) => [
      percent(all, within(2)),
      percent(all, within(3)),
      percent(all, good),
      percent(all, wayKept),
    ]);
    const none = both.filter((c) => c.score === null).length;
    const broken = both.filter((c) => c.score !== null && c.score.lost >= 1).length;
    return [title, ...cells, none, broken, median(both.map((c) => c.found.cost)).toPrecision(2)];
  });
  return table(
    [
      "who",
      "training: within 2×",
      "3×",
      "3× or alike",
      "way kept",
      "held-out: within 2×",
      "3×",
      "3× or alike",
      "way kept",
      "no rate",
      "no better than untrained",
      "median cost",
    ],
    rows,
  );
}

function costs(
  casesOf: (who: string, measure: Measure, group: readonly Task[]) => readonly Case[],
  left: readonly Task[],
): string {
  const stepsOf = (t: Task): number => Number(t.run["steps"]);
  const groups: readonly (readonly [string, readonly Task[]])[] = [
    ["up to 300 steps", left.filter((t) => stepsOf(t) <= 300)],
    ["301 to 999", left.filter((t) => stepsOf(t) > 300 && stepsOf(t) < 1000)],
    ["1,000 and more", left.filter((t) => stepsOf(t) >= 1000)],
  ];
  const inside = ({ found, best }: Case): boolean =>
    found.interval != null && found.interval[0] <= 1.03 * best && found.interval[1] >= best / 1.03;
  const rows = groups.flatMap(([title, group]) =>
    MEASURES.map((measure) => {
      const all = casesOf("find-lr", measure, group);
      const widths = all.flatMap((c) =>
        c.found.interval ? [c.found.interval[1] / c.found.interval[0]] : [],
      );
      return [
        title,
        NAMES[measure],
        group.length,
        median(all.map((c) => c.found.cost)).toPrecision(2),
        percent(all, within(3)),
        percent(all, inside),
        Math.round(median(widths)),
      ];
    }),
  );
  return table(
    [
      "run",
      "loss",
      "tasks",
      "median cost",
      "within 3×",
      "interval holds the best",
      "its median width, factor",
    ],
    rows,
  );
}

const NAMES: Readonly<Record<Measure, string>> = { training: "training", validation: "held-out" };

const show = (x: number): string => String(Number(x.toPrecision(2)));

/** A search outside a factor of three; `longer` is the one with the largest budget and the same seed. */
function missRow({ task, measure, found, score, best }: Case, longer: Case, truth: Truth): string[] {
  const right = within(3)(longer);
  return [
    task.name,
    NAMES[measure],
    show(best),
    found.rate === null ? `refused: ${found.refusal}` : show(found.rate),
    score === null ? "–" : Number.isFinite(score.lost) ? `${show(100 * score.lost)} %` : "all",
    score?.alike ? "yes" : "no",
    found.rate === null
      ? "–"
      : reasonOf(truth, measure, { rate: found.rate, longer: right ? longer.found.rate : null }),
  ];
}

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((r) => `| ${r.join(" | ")} |`).join("\n");

function write(mark: string, text: string): void {
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- end of ${mark} -->`];
  const before = readFileSync(page, "utf8");
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < 0) throw new Error(`docs/find-lr.md has no marks for ${mark}`);
  writeFileSync(page, `${before.slice(0, from + begin.length)}\n${text}\n${before.slice(to)}`);
}
