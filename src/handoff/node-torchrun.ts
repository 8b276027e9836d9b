/** torchrun under steepest's eyes: started, followed through its metrics, stopped in good order. */
import { lookup } from "node:dns/promises";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { NonFiniteError, SteepestError } from "../run/errors.ts";
import { type Launch, maxNodes } from "./launch.ts";
import { type TorchPython, torchrunQuirk } from "./node-python.ts";
import { killGroup, spawnTied } from "./node-tied.ts";

/** How the run ended, as train.py reports it. */
export interface TorchResult {
  readonly status: "done" | "interrupted";
  readonly step: number;
  readonly finalLoss: number | null;
  readonly best: { readonly loss: number; readonly step: number } | null;
  readonly validation: Readonly<Record<string, number>> | null;
  readonly test: Readonly<Record<string, number>> | null;
  readonly lr: number;
  readonly seconds: number;
  readonly stepsPerSecond: number;
}

/** What `startTorchrun` starts, and who hears of its metrics. */
export interface TorchrunOptions {
  /** The folder of train.py. */
  readonly project: string;
  /** The folder of metrics.jsonl and the checkpoints. */
  readonly out: string;
  readonly python: TorchPython;
  readonly launch: Launch;
  /** Where the processes meet, from `meetingPoint`. */
  readonly endpoint: string;
  /** Bytes of metrics.jsonl that are known already. */
  readonly known: number;
  /** Whole lines of metrics, each step once, as they are written. */
  readonly onMetrics: (lines: readonly string[]) => void;
  /** What a person should know: a restart. */
  readonly onNote: (text: string) => void;
}

/** A PyTorch training that runs. */
export interface Torchrun {
  readonly pid: number;
  /** Finishes the step, writes a checkpoint, ends. */
  readonly stop: () => void;
  /** Ends at once. */
  readonly kill: () => void;
  /** Rejects with what went wrong in words. */
  readonly ended: Promise<TorchResult>;
}

const LOOK_EVERY = 100;

/** Arguments after the Python's path. */
export function torchrunArguments({ project, out, python, launch, endpoint }: TorchrunOptions): string[] {
  return [
    ...["-m", "torch.distributed.run"],
    ...torchrunQuirk(python),
    ...["--nnodes", launch.nnodes, "--nproc_per_node", String(launch.nproc)],
    ...["--max_restarts", String(launch.maxRestarts), "--monitor_interval", "0.2"],
    ...[
      "--rdzv_backend",
      "c10d",
      "--rdzv_endpoint",
      endpoint,
      "--rdzv_id",
      launch.id ?? `steepest-${process.pid}`,
    ],
    join(project, "train.py"),
    ...["--out", out, "--result", join(project, "result.json"), "--quiet"],
    ...launch.flags,
  ];
}

/**
 * Starts a PyTorch project under torchrun, in a process group of its own, and follows its metrics. `stop`
 * lets it write a checkpoint first. What it prints goes to torchrun.log in the project's folder.
 */
export function startTorchrun(options: TorchrunOptions): Torchrun {
  const { project, out, python, known, onMetrics, onNote } = options;
  const result = join(project, "result.json");
  fs.rmSync(result, { force: true });
  const logPath = join(project, "torchrun.log");
  const log = fs.openSync(logPath, "w");
  const child = spawnTied(python.path, torchrunArguments(options), { cwd: project });
  const lines = lineSplitter((line) => {
    const note = /^(?:\[[^\]]*\]:)?steepest: (.*)$/.exec(line)?.[1];
    if (note !== undefined) onNote(note);
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes: Buffer) => {
      fs.writeSync(log, bytes);
      lines(bytes.toString());
    });
  }
  const follow = metricsFollower(join(out, "metrics.jsonl"), known, onMetrics);
  const timer = setInterval(follow, LOOK_EVERY);
  const ended = new Promise<TorchResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearInterval(timer);
      fs.closeSync(log);
      follow();
      try {
        resolve(readResult(result, { code, signal, logPath, endpoint: options.endpoint }));
      } catch (error) {
        reject(error);
      }
    });
  });
  return {
    pid: child.pid ?? 0,
    stop: () => child.kill("SIGINT"),
    kill: () => killGroup(child),
    ended,
  };
}

function lineSplitter(take: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    lines.forEach(take);
  };
}

/** Reads what a growing metrics.jsonl has gained. After a restart it is shorter, and steps come that were there before. */
function metricsFollower(
  path: string,
  known: number,
  onMetrics: (lines: readonly string[]) => void,
): () => void {
  let offset = known;
  let rest = "";
  let lastStep = 0;
  return () => {
    const size = fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size < offset) [offset, rest] = [size, ""];
    if (size <= offset) return;
    const bytes = Buffer.alloc(size - offset);
    const file = fs.openSync(path, "r");
    const read = fs.readSync(file, bytes, 0, bytes.length, offset);
    fs.closeSync(file);
    offset += read;
    const lines = (rest + bytes.toString("latin1", 0, read)).split("\n");
    rest = lines.pop()!;
    const fresh = lines.filter((line) => {
      const step = Number(/^\{"step":(\d+)/.exec(line)?.[1] ?? lastStep);
      return step >= lastStep;
    });
    lastStep = fresh.reduce(
      (m, line) => Math.max(m, Number(/^\{"step":(\d+)/.exec(line)?.[1] ?? 0)),
      lastStep,
    );
    if (fresh.length > 0) onMetrics(fresh);
  };
}

interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly logPath: string;
  readonly endpoint: string;
}

function readResult(path: string, death: Death): TorchResult {
  if (!fs.existsSync(path)) throw failure(death);
  const record = JSON.parse(fs.readFileSync(path, "utf8"), (_, v: unknown) =>
    typeof v === "string" && /^#(NaN|-?Infinity)$/.test(v) ? Number(v.slice(1)) : v,
  ) as TorchResult | { error: { id: string; what: string; help: string } };
  if (!("error" in record)) return record;
  const { id, what, help } = record.error;
  throw id === "non-finite" ? new NonFiniteError(what, { help }) : new SteepestError(id, what, { help });
}

/** What torchrun died of, from its log. */
function failure({ code, signal, logPath, endpoint }: Death): SteepestError {
  const text = fs.readFileSync(logPath, "utf8");
  // with several machines on one host the second finds the port taken, and that is as it should be
  if (/EADDRINUSE|[Aa]ddress already in use/.test(text) && !text.includes("ChildFailedError"))
    return portBusy(endpoint);
  if (/RendezvousConnectionError|RendezvousTimeoutError|connect\(\) timed out|failed to connect/.test(text)) {
    return new SteepestError("rendezvous", `the processes could not meet at ${endpoint}`, {
      help: "check that this machine can be reached there and that all machines have the same --rdzv-endpoint and --rdzv-id",
      exitCode: 1,
    });
  }
  const memory = /out of memory|DefaultCPUAllocator: can't allocate/.test(text);
  const last = text
    .split("\n")
    .filter(
      (line) => /^(\[[^\]]*\]:)?\w*(Error|Exception)\b/.test(line) && !line.includes("ChildFailedError"),
    )
    .at(-1);
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  return new SteepestError(
    memory ? "torch-memory" : "torch-failed",
    `torchrun ended ${how}${last === undefined ? "" : `: ${last.replace(/^\[[^\]]*\]:/, "")}`}`,
    {
      help: memory
        ? "use a smaller batch, --accumulate, --amp, or more processes"
        : `the whole output is in ${logPath}; the last checkpoint is kept: --resume goes on from it`,
      exitCode: 1,
    },
  );
}

const portBusy = (endpoint: string): SteepestError =>
  new SteepestError(
    "port-busy",
    `port ${endpoint.split(":").at(-1)} is in use by another program, so processes can't meet at ${endpoint}`,
    {
      help: "choose another port with --rdzv-endpoint, or leave the flag out on a single machine",
    },
  );

/**
 * Where the processes meet: the endpoint of the flag, or a free port of this machine. Throws `host-missing` for a name that
 * is not known, and `port-busy` for a port of this machine that another program holds.
 */
export async function meetingPoint({
  endpoint,
  nnodes,
}: Pick<Launch, "endpoint" | "nnodes">): Promise<string> {
  if (endpoint === null) return `localhost:${await freePort(0, "localhost")}`;
  const [host, port] = endpoint.split(":") as [string, string];
  try {
    await lookup(host);
  } catch (cause) {
    throw new SteepestError("host-missing", `there is no host ${host}`, {
      where: "at --rdzv-endpoint",
      help: "give the name or address of one of the machines",
      cause,
    });
  }
  // with several machines the port may rightly be held by the torchrun that came first
  const here = ["localhost", "127.0.0.1", "::1", hostname()].includes(host);
  if (here && maxNodes(nnodes) === 1) await freePort(Number(port), endpoint);
  return endpoint;
}

function freePort(port: number, endpoint: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? portBusy(endpoint) : error),
    );
    server.listen(port, () => {
      const { port: found } = server.address() as { port: number };
      server.close(() => resolve(found));
    });
  });
}
