/**
 * Ends `find-lr -- COMMAND` and `compare -- COMMAND` at random moments with eight trainings side by side, and `run -- COMMAND`
 * with a program that has started others. What has to hold: no process is left, what had ended is not run again, and
 * `--resume` comes to the table of a search that was left alone. A loop: N=20 SEED=1 npx jiti test/faults/kill-trials.ts
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { mt19937, nextUint32 } from "../../src/random/index.ts";
import { trainingsIn } from "../cli/processes.ts";

export const SIGNALS = ["SIGINT", "SIGTERM", "SIGKILL"] as const;
export type Signal = (typeof SIGNALS)[number];
export type Verb = "find-lr" | "compare";

/** Descent on a square; a seed's noise is in its losses. Odd seeds ignore SIGTERM, so that only SIGKILL ends them. */
const TRAINER = `
const [how, lr, seed, pause] = process.argv.slice(2).map(Number);
if (seed % 2 === 1) process.on("SIGTERM", () => {});
let x = 1 + how;
for (let step = 0; step < 200; step++) {
  console.log("step " + step + " loss " + (x * x + 0.001 * lr * lr * (1 + ((step * 7 + seed) % 5))).toPrecision(6));
  x -= lr * x;
  await new Promise((r) => setTimeout(r, pause));
}
`;

const launcher = fileURLToPath(new URL("../cli/launch.js", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], cwd: string): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [launcher, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

/** A budget that is more than enough: how far a training ran before it was paused decides nothing. */
function argsOf(verb: Verb, out: string, resume = false): string[] {
  const set = verb === "compare" ? ["--set", "how=0,1"] : [];
  const how = verb === "compare" ? "{how}" : "0";
  const flags = [verb, "--quiet", "--json", "--budget", "40", "--jobs", "8", ...set, "--out", out];
  return [
    ...flags,
    ...(resume ? ["--resume"] : []),
    "--",
    process.execPath,
    "train.mjs",
    how,
    "{lr}",
    "{seed}",
    "2",
  ];
}

export interface Workplace {
  readonly cwd: string;
  /** What the search says when it is left alone. */
  readonly whole: (verb: Verb) => Promise<unknown>;
}

export function createWorkplace(cwd: string): Workplace {
  writeFileSync(join(cwd, "train.mjs"), TRAINER);
  const known = new Map<Verb, Promise<unknown>>();
  return {
    cwd,
    whole(verb) {
      const found = known.get(verb) ?? complete(argsOf(verb, `whole-${verb}`), cwd);
      known.set(verb, found);
      return found;
    },
  };
}

/** The table of a search that comes to its end. */
async function complete(args: readonly string[], cwd: string): Promise<unknown> {
  const { code, stdout, stderr } = await start(args, cwd).ended;
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
  return tableOf(JSON.parse(stdout) as Found);
}

interface Row {
  readonly lr: number;
  readonly seed: number;
  readonly loss: number | null;
}

interface Found {
  readonly suggestion?: number;
  readonly loss?: number;
  readonly trials?: readonly Row[];
  readonly contestants?: readonly {
    readonly set: unknown;
    readonly losses: unknown;
    readonly search: Found;
  }[];
}

/** What must not depend on when programs were looked at. */
function tableOf({ suggestion, loss, trials = [], contestants }: Found): unknown {
  if (contestants !== undefined)
    return contestants.map(({ set, losses, search }) => [set, losses, search.suggestion]);
  return [suggestion, loss, trials.filter((t) => t.lr === suggestion).map((t) => [t.seed, t.loss])];
}

export interface Attempt {
  readonly verb: Verb;
  readonly signal: Signal;
  /** How the search is told when: trainings that have ended and are on record. */
  readonly records: number;
  /** Milliseconds after that. */
  readonly delay: number;
  readonly name: string;
}

export interface Outcome {
  /** Exit code; null after SIGKILL. */
  readonly code: number | null;
  /** Trainings on record when steepest was gone. */
  readonly kept: number;
  /** What is wrong; empty when all holds. */
  readonly faults: readonly string[];
}

/** Ends one search, and goes on with it. */
export async function killAndResume(
  { cwd, whole }: Workplace,
  { verb, signal, records, delay, name }: Attempt,
): Promise<Outcome> {
  const out = join(cwd, name);
  const { child, ended } = start(argsOf(verb, name), cwd);
  const over = ended.then(() => true);
  const due = (): boolean => existsSync(join(out, "search.json")) && endedTrainings(out).size >= records;
  while (!due() && !(await Promise.race([over, sleep(10, false)])));
  await Promise.race([over, sleep(delay)]);
  child.kill(signal);
  const { code, stderr } = await ended;
  const faults: string[] = [];
  if (signal !== "SIGKILL" && code !== 130 && code !== 0) faults.push(`exit code ${code}: ${stderr}`);
  await gone(out, faults);
  const before = endedTrainings(out);
  const table = await complete(argsOf(verb, name, true), cwd);
  for (const [record, written] of before)
    if (endedTrainings(out).get(record) !== written) faults.push(`${record} was run again`);
  const [got, wanted] = [table, await whole(verb)].map((t) => JSON.stringify(t));
  if (got !== wanted) faults.push(`the table is ${got}, and ${wanted} when it is left alone`);
  await gone(cwd, faults);
  return { code, kept: before.size, faults };
}

/** Milliseconds until what ignores SIGTERM must be gone: a guard waits five seconds. */
const PATIENCE = 60_000;

async function gone(folder: string, faults: string[]): Promise<void> {
  for (let waited = 0; trainingsIn(folder).length > 0; waited += 50) {
    if (waited > PATIENCE) {
      faults.push(`processes are left: ${trainingsIn(folder).join(", ")}`);
      return;
    }
    await sleep(50);
  }
}

/** Records of trainings that came to their own end, and when the training printed last. */
function endedTrainings(out: string): Map<string, number> {
  const found = new Map<string, number>();
  if (!existsSync(out)) return found;
  for (const path of readdirSync(out, { recursive: true, encoding: "utf8" }).filter(isRecord)) {
    const record = join(out, path);
    const { ending } = JSON.parse(readFileSync(record, "utf8")) as { ending: unknown };
    if (ending !== null)
      found.set(path, statSync(join(record.slice(0, -".json".length), "output.log")).mtimeMs);
  }
  return found;
}

const isRecord = (path: string): boolean => /(^|[\\/])lr-[^\\/]*\.json$/.test(path);

/** `count` attempts whose moments follow from the seed. */
export function attempts(count: number, seed: number): Attempt[] {
  const state = mt19937(seed);
  const draw = (): number => nextUint32(state) / 2 ** 32;
  return Array.from({ length: count }, (_, k) => ({
    verb: k % 4 === 3 ? "compare" : "find-lr",
    signal: SIGNALS[k % 3]!,
    records: Math.floor(draw() * 3),
    delay: Math.floor(draw() * 1500),
    name: `attempt-${k}`,
  }));
}

async function main(): Promise<void> {
  const [count, seed] = [Number(process.env["N"] ?? 12), Number(process.env["SEED"] ?? 1)];
  const cwd = mkdtempSync(join(tmpdir(), "steepest-kill-"));
  const place = createWorkplace(cwd);
  let wrong = 0;
  for (const attempt of attempts(count, seed)) {
    const { code, kept, faults } = await killAndResume(place, attempt);
    const { name, verb, signal, records, delay } = attempt;
    const when = `after ${records} records and ${delay} ms`;
    console.log(
      `${name}: ${verb}, ${signal} ${when}: exit code ${code}, ${kept} kept, ${faults.join("; ") || "all holds"}`,
    );
    wrong += faults.length;
  }
  rmSync(cwd, { recursive: true, force: true });
  process.exitCode = wrong === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
