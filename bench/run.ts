/**
 * Measures steepest beside its peers: `npm run bench -- [--only W1,W2] [--quick]`, or the log readers
 * and the diagnosis alone: `npm run bench -- readers [--quick]`. For each workload every peer is started
 * and its result checked; then they take turns, one round each, on one thread.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeBackends } from "../src/engine/registry.ts";
import { writeData } from "./data.ts";
import {
  findPeers,
  type Missing,
  type Peer,
  type Running,
  start,
  type Times,
  wholeProcess,
} from "./peers.ts";
import { benchReaders, readersTable } from "./readers/run.ts";
import {
  aimTable,
  checkLines,
  difference,
  judge,
  markdownTables,
  measureTable,
  type Outcome,
  type Result,
  type Skip,
} from "./report.ts";
import { type Workload, workloads } from "./workloads.ts";

const here = import.meta.dirname;
const data = join(here, "data");

interface Settings {
  readonly rounds: number;
  /** Of each round. */
  readonly seconds: number;
  readonly quick: boolean;
  /** Of each peer. */
  readonly threads: number;
}

const HELP = `npm run bench -- [--only W1,w2-64] [--quick] [--threads 1|all]
npm run bench -- readers [--quick]

Measures steepest beside its peers, each with so many threads (default 1). bench/README.md says how.`;

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Which peers take part in a workload, and why the others don't. */
function participants(workload: Workload, peers: readonly Peer[], { quick }: Settings): [Peer[], Skip[]] {
  const able = peers.filter((p) => !p.skips.includes(workload.id));
  const tooSlow = (p: Peer): boolean => quick && p.slow.includes(workload.id);
  return [
    able.filter((p) => !tooSlow(p)),
    able.filter(tooSlow).map((p) => ({ peer: p.name, reason: "too slow for --quick" })),
  ];
}

/** torch is the reference where there is one, else steepest. */
const referenceOf = (outcomes: readonly Outcome[]): Outcome | undefined =>
  outcomes.find((o) => o.peer === "torch") ?? outcomes[0];

/** Calls each in turn, another one first in each round, so that none always runs after the same one. */
async function inTurns<T>(
  items: readonly T[],
  rounds: number,
  turn: (item: T, i: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < items.length; k++) {
      const i = (round + k) % items.length;
      await turn(items[i]!, i);
    }
  }
}

interface Contender {
  readonly outcome: Outcome & { readonly rounds: Record<string, Times[]>; peakMiB: number | null };
  /** Absent for whole processes, which start anew each round. */
  readonly running?: Running;
  readonly peer: Peer;
}

async function measure(workload: Workload, peers: readonly Peer[], settings: Settings): Promise<Result> {
  const [able, skipped] = participants(workload, peers, settings);
  const place = { data, threads: settings.threads };
  const contenders: Contender[] = [];
  for (const peer of able) {
    try {
      const running = workload.whole ? undefined : await start(peer, workload.id, place);
      const check = running?.check ?? (await wholeProcess(peer, workload.id, place)).check;
      const rounds = Object.fromEntries(workload.measures.map(({ key }) => [key, [] as Times[]]));
      const outcome = { peer: peer.name, check, rounds, peakMiB: null };
      contenders.push({ outcome, peer, ...(running ? { running } : {}) });
    } catch (error) {
      skipped.push({ peer: peer.name, reason: message(error) });
    }
  }
  const reference = referenceOf(contenders.map((c) => c.outcome));
  const agreeing = contenders.filter(
    (c) => reference && difference(c.outcome.check, reference.check) <= workload.tolerance,
  );
  await inTurns(agreeing, settings.rounds, async ({ outcome, running, peer }) => {
    let times: Readonly<Record<string, Times>>;
    if (running) {
      times = await running.round(settings.seconds);
      outcome.peakMiB = running.peakMiB();
    } else {
      const { ms, peakMiB } = await wholeProcess(peer, workload.id, place);
      times = { process: { wall: ms } };
      outcome.peakMiB = peakMiB;
    }
    for (const [key, list] of Object.entries(outcome.rounds)) list.push(times[key]!);
  });
  for (const { running } of contenders) await running?.close();
  return { workload: workload.id, outcomes: contenders.map((c) => c.outcome), skipped };
}

/** Prints one workload's checks and tables; false if a result is wrong or steepest is missing. */
function show(workload: Workload, result: Result): boolean {
  const reference = referenceOf(result.outcomes);
  if (reference === undefined) {
    console.log(`${workload.id}: nobody could run it`);
    return false;
  }
  console.log(`\n${workload.group} (${workload.id}): same results within ${workload.tolerance}?`);
  console.log(checkLines(workload, result, reference));
  for (const m of workload.measures) console.log(`\n${measureTable(m, result)}`);
  for (const { peer, reason } of result.skipped) console.log(`  without ${peer}: ${reason}`);
  const right = result.outcomes.every((o) => difference(o.check, reference.check) <= workload.tolerance);
  return right && result.outcomes.some((o) => o.peer === "steepest");
}

function chosenWorkloads(only: string | undefined): readonly Workload[] {
  if (only === undefined) return workloads;
  const names = only.split(",").map((n) => n.trim().toLowerCase());
  const known = (w: Workload): string[] => [w.group.toLowerCase(), w.id];
  const wrong = names.find((n) => !workloads.some((w) => known(w).includes(n)));
  if (wrong !== undefined) {
    const all = [...new Set(workloads.flatMap((w) => [w.group, w.id]))];
    console.error(`error: --only knows no workload "${wrong}"; help: choose from ${all.join(", ")}`);
    process.exit(2);
  }
  return workloads.filter((w) => known(w).some((n) => names.includes(n)));
}

function machineOf(): Readonly<Record<string, string | number>> {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.version,
    load: showLoad(),
  };
}

const showLoad = (): string =>
  loadavg()
    .map((l) => l.toFixed(1))
    .join(" ");

/** Into results/, named after the time; `tables` are for bench/README.md. */
function writeRecord(record: object, tables?: string): void {
  const folder = join(here, "results");
  mkdirSync(folder, { recursive: true });
  const when = new Date().toISOString();
  const file = join(folder, `${when.replaceAll(":", "-").slice(0, 19)}.json`);
  writeFileSync(file, `${JSON.stringify({ schema: "steepest.bench/1", when, ...record }, null, 2)}\n`);
  if (tables !== undefined) writeFileSync(file.replace(/json$/, "md"), tables);
  console.log(`\nload now   ${showLoad()}\nwritten    ${file}`);
}

function readersOnly(quick: boolean): void {
  const machine = machineOf();
  for (const [name, value] of Object.entries(machine)) console.log(`${name.padEnd(10)} ${value}`);
  const readers = benchReaders(data, { quick });
  console.log(`\n${readersTable(readers)}`);
  writeRecord({ machine, quick, readers });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      threads: { type: "string", default: "1" },
      help: { type: "boolean", short: "h", default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const other = positionals.find((p) => p !== "readers");
  if (other !== undefined) {
    console.error(`error: there is no bench "${other}"; help: write readers, or --only with workloads`);
    process.exit(2);
  }
  if (positionals.length > 0) {
    readersOnly(values.quick);
    return;
  }
  const chosen = chosenWorkloads(values.only);
  const threads = values.threads === "all" ? availableParallelism() : Number(values.threads);
  if (!Number.isInteger(threads) || threads < 1) {
    console.error(`error: --threads is ${values.threads}; help: give a whole number from 1, or all`);
    process.exit(2);
  }
  const settings: Settings = values.quick
    ? { rounds: 3, seconds: 0.2, quick: true, threads }
    : { rounds: 9, seconds: 0.5, quick: false, threads };
  writeData(data);
  const backends = await describeBackends();
  const native = backends.find((b) => b.name === "native")!;
  const found = findPeers(join(data, "build"), { native: native.active });
  const peers = found.filter((p): p is Peer => "command" in p);
  const missing = found.filter((p): p is Missing => "reason" in p);
  const blas = backends.find((b) => b.name === "blas")!;
  const machine = { ...machineOf(), blas: blas.active ? blas.why : `none: ${blas.why}`, native: native.why };
  for (const [name, value] of Object.entries(machine)) console.log(`${name.padEnd(10)} ${value}`);
  console.log(`peers      ${peers.map((p) => `${p.name} ${p.version}`).join(" · ")}`);
  for (const { name, reason } of missing) console.log(`without    ${name}: ${reason}`);
  console.log(
    `${threads === 1 ? "one thread" : `${threads} threads`} each; ${settings.rounds} rounds in turn, of about ${settings.seconds} s`,
  );

  const results: Result[] = [];
  let right = true;
  for (const workload of chosen) {
    const result = await measure(workload, peers, settings);
    right = show(workload, result) && right;
    results.push(result);
  }
  const judged = judge(results);
  if (judged.length > 0) console.log(`\n${aimTable(judged)}`);

  const versions = Object.fromEntries(peers.map((p) => [p.name, p.version]));
  writeRecord({ machine, settings, versions, missing, results, aims: judged }, markdownTables(results));
  if (!right) {
    console.error("error: not all compute the same, or steepest could not run; see above");
    process.exitCode = 1;
  }
}

await main();
