/**
 * Which optimizer for which task, measured: ten small tasks, the optimizers worth trying, each at its own best rate, judged by
 * five fresh seeds; then what `advise` says of it, and what that is worth. Trainings are kept in a folder, so that the study can be
 * stopped and gone on with. An hour on two quiet cores: npx jiti scripts/optimizer-study.ts FOLDER [task…]; with --write what the
 * folder holds is written to docs/which-optimizer.md.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chooseBackend } from "../src/engine/registry.ts";
import type { RunSpec } from "../src/run/spec.ts";
import { buildRun } from "../src/train/index.ts";
import { adviceOf, adviceQuestion } from "../src/tune/advise/advise-run.ts";
import { problemOf } from "../src/tune/advise/problem.ts";
import { shortList } from "../src/tune/advise/shortlist.ts";
import { type Cell, runCell } from "../src/tune/compare/cell.ts";
import { type Comparison, cellKey, compare, searchKey } from "../src/tune/compare/compare.ts";
import { parseContestants } from "../src/tune/compare/contestants.ts";
import { costOf } from "../src/tune/compare/cost.ts";
import { type RateSearch, searchCellRate } from "../src/tune/compare/rate-search.ts";
import { ratePlan } from "../src/tune/compare/rates.ts";
import { roundUp, stepsTo } from "../src/tune/compare/summary.ts";
import { type Outcome, type Timed, writePage } from "./optimizer-study/page.ts";
import { type Task, tasks } from "./optimizer-study/tasks.ts";

const OPTIMIZERS = [
  "sgd", "sgd:momentum=0.9", "adagrad", "rmsprop", "adam", "adamw", "nadam", "lion", "lamb", "adan", "ademamix",
  "schedule-free-adamw", "mars", "muon", "soap", "psgd-kron",
].join(","); // biome-ignore format: a list
const FRESH = 5;
/** The target is what so many of the optimizers reach at their best rates with the first seed, and a tenth of the way back, */
const REACH = 6;
/** as ratios of losses count it: at the level itself other seeds miss it by luck. */
const BACK = 0.1;
const SEED = 1;
/** Of the advice, in trainings, and its first seed. */
const BUDGET = 80;
const ADVICE_SEED = 101;
/** Seeds by which the choices of both are judged: neither has seen them. */
const FIVE = { from: SEED + 1, count: FRESH };
const JUDGES = { from: 1001, count: 20 };

const [, , folder, ...given] = process.argv;
const named = given.filter((word) => word !== "--write");
if (folder === undefined)
  throw new Error("name a folder: npx jiti scripts/optimizer-study.ts FOLDER [task…]");
mkdirSync(folder, { recursive: true });

/** Finished work, a record a line. */
function kept<T>(
  path: string,
  keyOf: (record: T) => string,
): { known: Map<string, T>; add: (record: T) => void } {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const records = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
  const known = new Map(records.map((record) => [keyOf(record), record]));
  const add = (record: T): void => {
    known.set(keyOf(record), record);
    appendFileSync(path, `${JSON.stringify(record)}\n`);
  };
  return { known, add };
}

async function study(task: Task): Promise<Outcome> {
  const { spec, host } = await task.declare();
  const backend = await chooseBackend("wasm", { threads: 1 });
  const tools = { host, backend };
  const place = join(folder!, task.name);
  const cells = kept<Cell>(`${place}.cells.jsonl`, cellKey);
  const searches = kept<RateSearch>(`${place}.searches.jsonl`, searchKey);
  // one after the other, so that seconds are those of a training alone
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = queue.then(work);
    queue = mine;
    return mine;
  };
  const options = {
    runCell: (run: RunSpec) => inTurn(() => runCell(run, tools)),
    searchRate: (run: RunSpec, question: Parameters<typeof searchCellRate>[1]) =>
      inTurn(() => searchCellRate(run, question, tools)),
    known: cells.known,
    searched: searches.known,
    onCell: cells.add,
    onSearch: searches.add,
  };
  const question: Comparison = {
    run: spec,
    contestants: parseContestants(OPTIMIZERS, { name: "none" }),
    seeds: [SEED],
    plan: ratePlan({ rates: "1e-6:100" }),
  };
  const ranked = (await compare(question, options))!;
  const lows = ranked.contestants.flatMap((c) => c.best?.lowest.mean ?? []).sort((a, b) => a - b);
  const low = lows[Math.min(REACH, lows.length) - 1]!;
  const target = roundUp(low ** (1 - BACK) * ranked.start ** BACK);
  const result = (await compare({ ...question, target, freshSeeds: FRESH }, options))!;
  const length = Math.max(...[...cells.known.values()].map((c) => c.steps));
  const timed = async (optimizer: RunSpec["optimizer"], { from, count } = FIVE): Promise<Timed> => {
    const seeds = Array.from({ length: count }, (_, k) => from + k);
    const reached: (number | null)[] = [];
    for (const seed of seeds) {
      const known = cells.known.get(cellKey({ optimizer, seed }));
      const cell = known ?? (await options.runCell({ ...spec, optimizer, seed }))!;
      if (known === undefined) cells.add(cell);
      reached.push(stepsTo(target, cell));
    }
    const logs = reached.map((steps) => Math.log(Math.max(1, steps ?? length)));
    return {
      steps: Math.exp(logs.reduce((a, b) => a + b, 0) / count),
      missed: reached.filter((steps) => steps === null).length,
    };
  };
  const there = result.contestants.filter((c) => c.toTarget !== null);
  const all = await Promise.all(
    there.map(async (c) => {
      const optimizer = { ...c.optimizer, lr: c.toTarget!.lr };
      return { label: c.label, optimizer, ...(await timed(optimizer)) };
    }),
  );
  const best = all.reduce((a, b) => (b.steps < a.steps ? b : a));
  const problem = { ...problemOf(await buildRun(spec, tools)), ...task.problem };
  const ask = adviceQuestion(
    { ...spec, seed: ADVICE_SEED },
    { candidates: shortList(problem).candidates, budget: BUDGET, target },
  );
  const advice = adviceOf((await compare(ask, options))!, ask);
  const none = { steps: length, missed: FRESH };
  return {
    task: task.name,
    result,
    cost: Math.round(costOf(result).trainings),
    best: { ...best, judged: await timed(best.optimizer, JUDGES) },
    advised: {
      ...advice,
      ...(advice.optimizer === null ? none : await timed(advice.optimizer)),
      judged: advice.optimizer === null ? none : await timed(advice.optimizer, JUDGES),
    },
  };
}

const results = kept<Outcome>(join(folder, "results.jsonl"), (r) => r.task);
const wanted = given.includes("--write")
  ? []
  : tasks.filter((t) => named.length === 0 || named.includes(t.name));
for (const task of wanted) {
  if (results.known.has(task.name)) continue;
  const began = performance.now();
  const outcome = await study(task);
  results.add(outcome);
  const { best, advised } = outcome;
  const took = Math.round((performance.now() - began) / 1000);
  process.stderr.write(
    `${task.name}: best ${best.label} ${best.judged.steps}; ${advised.sentence}: ${advised.judged.steps}; ${took} s\n`,
  );
}
if (given.includes("--write")) {
  const outcomes = tasks.flatMap((t) => results.known.get(t.name) ?? []);
  writePage(new URL("../docs/which-optimizer.md", import.meta.url), outcomes);
}
