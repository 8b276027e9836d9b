/** Who takes part: how each adapter is started, what it takes part in, and why one is missing here. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { type Job, program, wholeJob } from "./whole-job.ts";
import { type PeerName, type WorkloadId, workloads } from "./workloads.ts";

export interface Peer {
  readonly name: PeerName;
  readonly version: string;
  readonly command: string;
  /** Arguments before the workload and the data folder, and after them. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly skips: readonly WorkloadId[];
  /** Takes so long here that a quick run leaves it out. */
  readonly slow: readonly WorkloadId[];
}

export interface Missing {
  readonly name: PeerName;
  readonly reason: string;
}

const require = createRequire(import.meta.url);
const here = import.meta.dirname;
/** So many threads for whatever reads these. */
export function withThreads(count: number): NodeJS.ProcessEnv {
  const names = [
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "STEEPEST_THREADS",
    "BENCH_THREADS",
  ];
  return { ...process.env, ...Object.fromEntries(names.map((n) => [n, String(count)])) };
}

/** Convolutions, the recurrent network and the whole training: the two libraries without BLAS take no part. */
const NETWORKS: readonly WorkloadId[] = ["w6-64", "w6-256", "w6-deep", "w7", "w8", "w8-cold"];

const firstLine = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split("\n").filter((l) => l.trim() !== "");
  return lines.find((l) => /error/i.test(l) && !l.startsWith("Command failed")) ?? lines[0] ?? text;
};

/** The peer, or why there is none. */
function attempt(
  name: PeerName,
  find: () => Omit<Peer, "name" | "slow" | "skips"> & Partial<Peer>,
): Peer | Missing {
  try {
    return { skips: [], slow: [], ...find(), name };
  } catch (error) {
    return { name, reason: firstLine(error) };
  }
}

/** steepest, bundled as a package would be: what is timed is JavaScript that is ready to run. */
function buildSteepest(folder: string): string {
  const root = join(here, "..");
  const arguments_ = [
    "--no-config",
    "--no-dts",
    "--format",
    "esm",
    "--platform",
    "node",
    "--logLevel",
    "error",
  ];
  execFileSync(
    join(root, "node_modules/.bin/tsdown"),
    [join(here, "peers/steepest.ts"), "--out-dir", folder, ...arguments_],
    { cwd: root, stdio: ["ignore", "ignore", "pipe"] },
  );
  return join(folder, "steepest.mjs");
}

/** The first Python that has torch. Throws where none has. */
export function findTorch(): Pick<Peer, "version" | "command"> {
  const candidates = [process.env["PYTHON"], "/usr/bin/python3", "python3"].filter((c) => c !== undefined);
  const failures: string[] = [];
  for (const command of candidates) {
    try {
      const script = "import torch, numpy; print(torch.__version__)";
      const version = execFileSync(command, ["-c", script], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
      return { command, version: version.trim() };
    } catch (error) {
      failures.push(`${command}: ${firstLine(error)}`);
    }
  }
  throw new Error(
    `no Python with torch and numpy (${failures.join("; ")}); Debian: apt-get install python3-torch`,
  );
}

function packageVersion(name: string): string {
  let manifest: string;
  try {
    manifest = require.resolve(`${name}/package.json`);
  } catch {
    // packages that do not export their package.json
    manifest = join(here, "node_modules", name, "package.json");
  }
  try {
    return (require(manifest) as { version: string }).version;
  } catch {
    throw new Error(`${name} is not installed: run npm ci in bench/`);
  }
}

/** Looks for every peer; `folder` takes what is built. */
export function findPeers(folder: string, { native }: { native: boolean }): readonly (Peer | Missing)[] {
  const node = process.execPath;
  const bundle = buildSteepest(folder);
  const { version } = require("../package.json") as { version: string };
  const ours = { version, command: node, before: [bundle] };
  const script = (file: string): string[] => [join(here, "peers", file)];
  return [
    // what a run that is long enough gets
    attempt("steepest", () => ({ ...ours, after: [native ? "native" : "auto"] })),
    attempt("steepest, wasm alone", () => ({ ...ours, after: ["wasm"], skips: ["w4"] })),
    attempt("torch", () => ({ ...findTorch(), before: script("torch_peer.py"), after: [] })),
    attempt("jax-js", () => ({
      version: packageVersion("@jax-js/jax"),
      command: node,
      before: script("jax.mjs"),
      after: [],
      skips: NETWORKS,
    })),
    attempt("TF.js wasm", () => ({
      version: packageVersion("@tensorflow/tfjs-backend-wasm"),
      command: node,
      before: script("tfjs.mjs"),
      after: [],
      skips: NETWORKS,
      slow: ["w2-512", "w3"],
    })),
    attempt("C", () => {
      const output = join(folder, "adam");
      const compiler = process.env["CC"] ?? "gcc";
      const flags = ["-O3", "-march=native", "-fno-math-errno"];
      execFileSync(compiler, [...flags, "-o", output, join(here, "peers/adam.c"), "-lm"], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      const version = execFileSync(compiler, ["-dumpfullversion"], { encoding: "utf8" }).trim();
      return {
        version: `${compiler} ${version}`,
        command: output,
        before: [],
        after: [],
        skips: workloads.map((w) => w.id).filter((id) => id !== "w4"),
      };
    }),
  ];
}

/** Milliseconds of one unit of a workload: on the clock, and in the processor where that is known. */
export interface Times {
  readonly wall: number;
  readonly cpu?: number;
}

export type Check = Readonly<Record<string, number>>;

/** A started adapter, prepared and waiting. */
export interface Running {
  readonly check: Check;
  /** Times by measure, of one round of about this many seconds. */
  readonly round: (seconds: number) => Promise<Readonly<Record<string, Times>>>;
  /** The most memory that it has held until now. */
  readonly peakMiB: () => number | null;
  readonly close: () => Promise<void>;
}

/** Where the data is, and how many threads each may use. */
export interface Place {
  readonly data: string;
  readonly threads: number;
}

/** The adapter of a peer as a job. */
const adapter = (peer: Peer, workload: WorkloadId, data: string): Job =>
  program(peer.command, [...peer.before, workload, data, ...peer.after]);

function launch(
  { command, arguments: given, environment }: Job,
  { threads }: Place,
): { child: ChildProcess; complaint: () => string } {
  const child = spawn(command, given, { env: { ...withThreads(threads), ...environment } });
  let errors = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  return { child, complaint: () => errors.trim().split("\n").slice(-3).join(" | ") };
}

/** The most memory that a running process has held, in MiB; null where the system does not say: Linux does. */
function peakOf({ pid }: ChildProcess): number | null {
  try {
    const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found === null ? null : Number(found[1]) / 1024;
  } catch {
    return null; // another system, or the process has ended
  }
}

/** Starts an adapter and waits for its check. Throws with the end of its standard error if it ends before. */
export async function start(peer: Peer, workload: WorkloadId, place: Place): Promise<Running> {
  const { child, complaint } = launch(adapter(peer, workload, place.data), place);
  const ended = new Promise<never>((_, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      reject(new Error(`${peer.name} ended with ${signal ?? code} in ${workload}: ${complaint()}`)),
    );
  });
  ended.catch(() => undefined); // an exit after the last question is expected; before it, `ask` sees the rejection
  const lines: Interface = createInterface({ input: child.stdout! });
  const answers = lines[Symbol.asyncIterator]();
  const answer = async <T>(key: string): Promise<Record<string, T>> => {
    for (;;) {
      const { value, done } = await Promise.race([answers.next(), ended]);
      if (done) return await ended;
      // libraries greet on standard output
      if (!value.startsWith("{")) continue;
      return (JSON.parse(value) as Record<string, Record<string, T>>)[key]!;
    }
  };
  return {
    check: await answer<number>("check"),
    round: (seconds) => {
      child.stdin!.write(`${seconds}\n`);
      return answer<Times>("times");
    },
    peakMiB: () => peakOf(child),
    close: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve();
        child.on("exit", () => resolve());
        child.stdin!.end();
      }),
  };
}

/** Milliseconds between two looks at a process's memory. */
const LOOK_EVERY = 20;

/** Starts what works at once and ends: its check, the milliseconds of the whole process and its memory at most. */
export async function wholeProcess(
  peer: Peer,
  workload: WorkloadId,
  place: Place,
): Promise<{ check: Check; ms: number; peakMiB: number | null }> {
  const { data } = place;
  const job = wholeJob(peer.name, workload, { data, python: peer.command }) ?? adapter(peer, workload, data);
  const from = performance.now();
  const { child, complaint } = launch(job, place);
  let printed = "";
  child.stdout!.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
  });
  let peakMiB: number | null = null;
  const looking = setInterval(() => {
    peakMiB = peakOf(child) ?? peakMiB;
  }, LOOK_EVERY);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const ms = performance.now() - from;
  clearInterval(looking);
  job.clean();
  const line = printed.split("\n").find((l) => l.startsWith("{"));
  if (code !== 0 || line === undefined)
    throw new Error(`${peer.name} ended with ${code} in ${workload}: ${complaint()}`);
  return { check: job.check(JSON.parse(line) as object), ms, peakMiB };
}
