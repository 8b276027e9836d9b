/**
 * Which optimizer for which task, measured: ten small tasks, the optimizers worth trying, each at its own best rate, judged by
 * five fresh seeds. Trainings are kept in a folder, so that the study can be stopped and gone on with; what is there is written
 * to `results.json` there. Some hours: npx jiti scripts/optimizer-study.ts FOLDER [task…]
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chooseBackend } from "../src/engine/registry.ts";
import type { RunSpec } from "../src/run/spec.ts";
import { type Cell, runCell } from "../src/tune/compare/cell.ts";
import {
  type CompareResult,
  type Comparison,
  cellKey,
  compare,
  searchKey,
} from "../src/tune/compare/compare.ts";
import { parseContestants } from "../src/tune/compare/contestants.ts";
import { type RateSearch, searchCellRate } from "../src/tune/compare/rate-search.ts";
import { ratePlan } from "../src/tune/compare/rates.ts";
import { roundUp } from "../src/tune/compare/summary.ts";
import { type Task, tasks } from "./optimizer-study/tasks.ts";

const OPTIMIZERS = [
  "sgd", "sgd:momentum=0.9", "adagrad", "rmsprop", "adam", "adamw", "nadam", "lion", "lamb", "adan", "ademamix",
  "schedule-free-adamw", "mars", "muon", "soap", "psgd-kron",
].join(","); // biome-ignore format: a list
const FRESH = 5;
/** The target is what so many of the optimizers reach at their best rates. */
const REACH = 6;
const SEED = 1;

const [, , folder, ...named] = process.argv;
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

async function study(task: Task): Promise<CompareResult> {
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
  const target = roundUp(lows[Math.min(REACH, lows.length) - 1]!);
  return (await compare({ ...question, target, freshSeeds: FRESH }, options))!;
}

const results = kept<{ task: string; result: CompareResult }>(join(folder, "results.jsonl"), (r) => r.task);
for (const task of tasks) {
  if ((named.length > 0 && !named.includes(task.name)) || results.known.has(task.name)) continue;
  const began = performance.now();
  const result = await study(task);
  results.add({ task: task.name, result });
  const { race } = result;
  process.stderr.write(
    `${task.name}: ${race?.favourite} first at ${result.target?.loss}, ${Math.round((performance.now() - began) / 1000)} s\n`,
  );
}
writeFileSync(join(folder, "results.json"), `${JSON.stringify([...results.known.values()], null, 1)}\n`);
