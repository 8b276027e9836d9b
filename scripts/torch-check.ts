/**
 * Checks exported projects with a current PyTorch on the CPU: sharded checkpoints, restarts, fp16.
 *   npx jiti scripts/torch-check.ts PYTHON [WORDS]
 * Prints a Markdown table; exit code 1 where a check does not hold. WORDS: only checks whose names hold them.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHost } from "../src/data/node-host.ts";
import { writeTorchProject } from "../src/handoff/node-project.ts";
import { planningBackend } from "../src/handoff/planning-backend.ts";
import { parseRun } from "../src/run/parse-run.ts";
import { buildRun } from "../src/train/index.ts";
import { checkpoint, difference, distance, metricsOf } from "../test/handoff/torch.ts";

const [python, words = ""] = process.argv.slice(2);
if (python === undefined) {
  console.error("usage: npx jiti scripts/torch-check.ts PYTHON [WORDS]");
  process.exit(2);
}

const BOUND = 1e-9;
const root = mkdtempSync(join(tmpdir(), "torch-check-"));
const fresh = (): string => mkdtempSync(join(root, "out-"));

async function project(changes: object): Promise<string> {
  const record = {
    name: "check",
    data: { source: "lesson-logistic" },
    model: { kind: "mlp", hidden: [16, 16], activation: "tanh" },
    loss: "bce-with-logits",
    optimizer: { name: "adamw", lr: 0.01, weightDecay: 0.01 },
    schedule: { name: "warmup-cosine", warmupSteps: 5 },
    clip: { globalNorm: 0.5 },
    batchSize: 48,
    steps: 400,
    dtype: "float64",
    validation: 0.15,
    checkpointEvery: 20,
    ...changes,
  };
  const folder = mkdtempSync(join(root, "project-"));
  writeTorchProject(
    await buildRun(parseRun(record), { host: nodeHost(), backend: planningBackend("torch") }),
    folder,
  );
  return folder;
}

interface Start {
  readonly nproc?: number;
  readonly flags?: readonly string[];
  readonly launch?: readonly string[];
}

/** Starts train.py under torchrun, in a process group of its own; without `nproc` by itself. */
function start(
  folder: string,
  out: string,
  { nproc, flags = [], launch = ["--standalone"] }: Start,
): ChildProcess {
  const torchrun = ["-m", "torch.distributed.run", ...launch, "--nproc-per-node", String(nproc)];
  const own = [join(folder, "train.py"), "--quiet", "--device", "cpu", "--out", out, ...flags];
  return spawn(python!, nproc === undefined ? own : [...torchrun, ...own], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
}

function ended(child: ChildProcess): Promise<{ code: number | null; text: string }> {
  let text = "";
  child.stderr!.on("data", (bytes: Buffer) => (text += bytes.toString()));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, text })));
}

async function run(folder: string, out: string, options: Start): Promise<void> {
  const { code, text } = await ended(start(folder, out, options));
  if (code !== 0) throw new Error(`exit code ${code}: ${text.trim().split("\n").slice(-3).join(" ")}`);
}

const stepOf = (out: string): number => {
  const path = join(out, "metrics.jsonl");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const whole = text.slice(0, text.lastIndexOf("\n"));
  return whole.includes("\n") ? (metricsOf(whole).at(-1)?.step ?? 0) : 0;
};

async function until(holds: () => boolean): Promise<void> {
  const limit = Date.now() + 120_000;
  while (!holds()) {
    if (Date.now() > limit) throw new Error("it took more than two minutes");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function workers(out: string): number[] {
  const found = spawnSync("pgrep", ["-f", `train.py .*${out}`], { encoding: "utf8" })
    .stdout.trim()
    .split("\n");
  return found
    .filter((pid) => pid !== "")
    .map(Number)
    .filter((pid) => {
      const file = `/proc/${pid}/cmdline`;
      return existsSync(file) && !readFileSync(file, "utf8").includes("torch.distributed.run");
    });
}

interface Outcome {
  readonly holds: boolean;
  readonly measured: string;
}

/** Parameters, state and metrics of two folders. */
function same(a: string, b: string, note = ""): Outcome {
  const apart = difference(checkpoint(a), checkpoint(b));
  const lines = [a, b].map((out) => metricsOf(readFileSync(join(out, "metrics.jsonl"), "utf8")));
  const steps = lines.map((all) => all.map((line) => `${line.step}${"epoch" in line}`).join());
  const losses = lines[0]!.map((line, i) => Math.abs((line["loss"] ?? 0) - (lines[1]![i]?.["loss"] ?? 0)));
  const largest = Math.max(apart, ...losses);
  const whole = steps[0] === steps[1];
  return {
    holds: largest <= BOUND && whole,
    measured: `${largest.toExponential(0)}${whole ? "" : ", other lines of metrics"}${note}`,
  };
}

const SHARD = ["--shard"];
const none = await project({});
const reference = fresh();
await run(none, reference, {});
if (distance(none, checkpoint(reference)) < 1e-3) throw new Error("the parameters did not move");

/** Ends a sharded run of two processes at about step 150, by a signal to all or to one worker. */
async function broken(
  signal: NodeJS.Signals,
  target: "group" | "worker",
  launch?: readonly string[],
): Promise<[string, string]> {
  const out = fresh();
  const child = start(none, out, { nproc: 2, flags: SHARD, ...(launch && { launch }) });
  const end = ended(child);
  await until(() => stepOf(out) > 150);
  if (target === "worker") process.kill(workers(out)[1]!, signal);
  else if (signal === "SIGKILL") {
    for (const pid of [child.pid!, ...workers(out)]) process.kill(pid, signal);
  } else child.kill(signal);
  const { text } = await end;
  return [out, /going on at step (\d+)/.exec(text)?.[1] ?? String(stepOf(out))];
}

const inParts = (out: string): boolean => existsSync(join(out, "sharded"));

const checks: Readonly<Record<string, () => Promise<Outcome>>> = {
  "sharded, two processes": async () => {
    const out = fresh();
    await run(none, out, { nproc: 2, flags: SHARD });
    return inParts(out) ? { holds: false, measured: "parts are left" } : same(reference, out);
  },
  "sharded, a worker killed and all restarted": async () => {
    const [out, at] = await broken("SIGKILL", "worker", ["--standalone", "--max-restarts", "3"]);
    return same(reference, out, `, from step ${at}`);
  },
  "sharded, SIGTERM, then one process without --shard": async () => {
    const [out, at] = await broken("SIGTERM", "group");
    if (inParts(out)) return { holds: false, measured: "parts are left" };
    await run(none, out, {});
    return same(reference, out, `, from step ${at}`);
  },
  "sharded, all killed, then three processes": async () => {
    const [out] = await broken("SIGKILL", "group");
    if (!inParts(out)) return { holds: false, measured: "no parts are left" };
    await run(none, out, { nproc: 3, flags: SHARD });
    return same(reference, out);
  },
  "sharded, all killed, then one process without --shard": async () => {
    const [out] = await broken("SIGKILL", "group");
    await run(none, out, {});
    return same(reference, out);
  },
  "sharded, all killed, joined by sharded.py, then one process": async () => {
    const [out] = await broken("SIGKILL", "group");
    const { stdout } = spawnSync(python!, [join(none, "sharded.py"), out], { encoding: "utf8" });
    if (inParts(out) || !stdout.includes("is written")) return { holds: false, measured: stdout };
    await run(none, out, {});
    return same(reference, out);
  },
  "sharded, one of two machines goes (--nnodes 1:2)": async () => {
    const out = fresh();
    const port = 29_600 + (process.pid % 300);
    const launch = [
      ...["--nnodes", "1:2", "--max-restarts", "3", "--rdzv-id", "check", "--rdzv-backend", "c10d"],
      ...[
        "--rdzv-endpoint",
        `localhost:${port}`,
        "--rdzv-conf",
        "last_call_timeout=3",
        "--monitor-interval",
        "0.2",
      ],
    ];
    const machine = (): ChildProcess => start(none, out, { nproc: 1, flags: SHARD, launch });
    const first = machine();
    const end = ended(first);
    const second = machine();
    void ended(second);
    await until(() => stepOf(out) > 150);
    const theirs = workers(out).filter((pid) => groupOf(pid) !== groupOf(first.pid!));
    const before = workers(out).length;
    for (const pid of [second.pid!, ...theirs]) process.kill(pid, "SIGKILL");
    const { code, text } = await end;
    const at = /going on at step (\d+)/.exec(text)?.[1];
    if (code !== 0) return { holds: false, measured: text.trim().split("\n").slice(-2).join(" ") };
    return same(reference, out, `, ${before} machines, then 1 from step ${at}`);
  },
  "fp16 overflow, AdamW, stopped and gone on": () => half({}),
  "fp16 overflow, traced, stopped and gone on": () => half({ optimizer: { name: "amsgrad", lr: 0.01 } }),
};

/** The session of a process: torchrun starts its workers in one of their own, but as its children. */
const groupOf = (pid: number): number => {
  const parent = (p: number): number =>
    Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${p}/status`, "utf8"))?.[1]);
  for (let at = pid; at > 1; at = parent(at)) if (parent(at) === process.pid) return at;
  return pid;
};

async function half(changes: object): Promise<Outcome> {
  const folder = await project({ dtype: "float32", clip: undefined, ...changes });
  const flags = ["--precision", "fp16", "--loss-scale", "1e12"];
  const whole = fresh();
  await run(folder, whole, { flags });
  const out = fresh();
  // gone on in the middle of the overflows, and after them
  for (const steps of ["12", "130", "400"]) {
    const child = start(folder, out, { flags });
    const end = ended(child);
    if (steps !== "400") {
      await until(() => stepOf(out) >= Number(steps));
      child.kill("SIGTERM");
    }
    await end;
  }
  const lines = metricsOf(readFileSync(join(whole, "metrics.jsonl"), "utf8"));
  const skipped = lines.filter((line) => line["skipped"] === 1).length;
  const scale = (path: string): string =>
    /"scaler":"(.*?)"[,}]/.exec(readFileSync(join(path, "checkpoint-last.safetensors"), "latin1"))?.[1] ??
    "none";
  const { holds, measured } = same(
    whole,
    out,
    `, ${skipped} steps skipped, ${scale(out).replaceAll("\\", "")}`,
  );
  return { holds: holds && skipped > 0 && scale(whole) === scale(out), measured };
}

const version = spawnSync(python, ["-c", "import torch; print(torch.__version__)"], {
  encoding: "utf8",
}).stdout;
console.log(`PyTorch ${version}\n| check | holds | apart by (bound ${BOUND}) |\n| --- | --- | --- |`);
let failed = false;
for (const [name, check] of Object.entries(checks)) {
  if (!name.includes(words)) continue;
  const { holds, measured } = await check().catch((error: Error) => ({
    holds: false,
    measured: error.message,
  }));
  failed ||= !holds;
  console.log(`| ${name} | ${holds ? "yes" : "NO"} | ${measured} |`);
}
process.exit(failed ? 1 : 0);
