/**
 * `steepest serve` beside the same model in ONNX Runtime behind the same HTTP server, requests one after another and 32 at a
 * time: requests a second, and the server's processor time for each. `npm --prefix bench run serve [-- --quick] [--only NAME]`.
 * Takes part what is installed, here or in the root: onnxruntime-node, onnxruntime-web. Linux alone: it reads /proc.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const here = import.meta.dirname;
const steepest = join(here, "../bin/steepest.js");
const { values: flags } = parseArgs({ options: { quick: { type: "boolean" }, only: { type: "string" } } });
const SECONDS = flags.quick === true ? 2 : 6;
/** Clock ticks of Linux in a second, as /proc counts processor time. */
const TICKS = 100;

/** One row of so many pseudo-random numbers in 0…1. */
const rowOf = (width: number, seed: number): number[] =>
  Array.from({ length: width }, (_, i) => Number(Math.abs(Math.sin(seed * 7919 + i * 104729)).toFixed(4)));

interface Model {
  readonly name: string;
  readonly width: number;
  readonly classes: number;
  readonly hidden: readonly number[];
}
const models: readonly Model[] = [
  { name: "linear-8", width: 8, classes: 0, hidden: [] },
  { name: "mlp-784-256-128-10", width: 784, classes: 10, hidden: [256, 128] },
];

/** Trains the model for a few steps on made-up arrays and exports it: speed does not ask for a good one. */
function prepare(folder: string, { name, width, classes, hidden }: Model): { run: string; onnx: string } {
  const rows = 256;
  const x = Float32Array.from(Array.from({ length: rows }, (_, i) => rowOf(width, i)).flat());
  const y =
    classes > 0
      ? Int32Array.from({ length: rows }, (_, i) => i % classes)
      : Float32Array.from({ length: rows }, (_, i) => Math.sin(i));
  writeNpy(join(folder, "x.npy"), x, [rows, width]);
  writeNpy(join(folder, "y.npy"), y, [rows]);
  const model = hidden.length > 0 ? { kind: "mlp", hidden, activation: "relu" } : { kind: "linear" };
  const optimizer = { name: "adam", lr: 0.001 };
  const spec = { name, data: { npy: "x.npy", target: "y.npy" }, model, optimizer, steps: 20 };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(spec));
  const command = (...args: string[]): string =>
    execFileSync(process.execPath, [steepest, ...args], { cwd: folder, encoding: "utf8" });
  command("train", `${name}.json`, "--quiet", "--no-plots");
  command("export", `runs/${name}-1`, "--to", "onnx", "--out", `${name}.onnx`);
  return { run: join(folder, `runs/${name}-1`), onnx: join(folder, `${name}.onnx`) };
}

/** NumPy's file format, version 1. */
function writeNpy(path: string, data: Float32Array | Int32Array, shape: readonly number[]): void {
  const type = data instanceof Int32Array ? "<i4" : "<f4";
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.map((n) => `${n},`).join(" ")}), }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const head = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${header}`, "latin1");
  head.writeUInt16LE(header.length, 8);
  writeFileSync(path, Buffer.concat([head, Buffer.from(data.buffer)]));
}

/** Starts a server and waits for the line with its address. */
function start(command: readonly string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    let said = "";
    child.stdout!.on("data", (text) => {
      said += text;
      const url = /"url":\s*"([^"]+)"/.exec(said)?.[1];
      if (url !== undefined) resolve({ child, url });
    });
    child.once("exit", (code) => reject(new Error(`${command.join(" ")} ended with ${code}: ${said}`)));
  });
}

/** Processor time of a process so far, in seconds. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function ask(url: string, body: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(new URL("/predict", url), { method: "POST", agent, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part) => {
        text += part;
      });
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve(text) : reject(new Error(`${answer.statusCode}: ${text}`)),
      );
    });
    sent.on("error", reject).end(body);
  });
}

interface Measured {
  readonly perSecond: number;
  /** Milliseconds of the server's processor time. */
  readonly each: number;
}

/** So many requests under way at any time, for some seconds after one of warming up. */
async function drive(
  { child, url }: { child: ChildProcess; url: string },
  bodies: readonly string[],
  concurrency: number,
): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  let done = 0;
  const until = async (end: number): Promise<void> => {
    const worker = async (): Promise<void> => {
      while (performance.now() < end) await ask(url, bodies[done++ % bodies.length]!, agent);
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  };
  await until(performance.now() + 1000);
  done = 0;
  const [began, spent] = [performance.now(), processorTime(child.pid!)];
  await until(began + SECONDS * 1000);
  const measured = {
    perSecond: done / ((performance.now() - began) / 1000),
    each: ((processorTime(child.pid!) - spent) / done) * 1000,
  };
  agent.destroy();
  return measured;
}

/** The largest difference between the two servers' numbers for the same rows. */
async function difference(a: string, b: string, bodies: readonly string[]): Promise<number> {
  const agent = new Agent();
  const numbers = async (url: string, body: string): Promise<number[]> =>
    ((await ask(url, body, agent)).match(/-?\d+\.\d+(e-?\d+)?/g) ?? []).map(Number);
  let largest = 0;
  for (const body of bodies) {
    const [x, y] = [await numbers(a, body), await numbers(b, body)];
    if (x.length !== y.length || x.length === 0) throw new Error("the servers' answers are not alike");
    for (const [i, value] of x.entries()) largest = Math.max(largest, Math.abs(value - y[i]!));
  }
  agent.destroy();
  return largest;
}

const runtimes = ["onnxruntime-node", "onnxruntime-web"].filter((name) =>
  [here, join(here, "..")].some((root) => existsSync(join(root, "node_modules", name))),
);
const folder = mkdtempSync(join(tmpdir(), "steepest-serve-"));
try {
  for (const model of models.filter(({ name }) => flags.only === undefined || name.startsWith(flags.only))) {
    const { run, onnx } = prepare(folder, model);
    const bodies = Array.from({ length: 16 }, (_, i) =>
      JSON.stringify({ rows: [rowOf(model.width, 1000 + i)] }),
    );
    const names = JSON.stringify(Array.from({ length: model.classes }, (_, i) => String(i)));
    const own = await start([steepest, "serve", run, "--json"]);
    const servers = [{ name: "steepest", ...own }];
    for (const name of runtimes) {
      const server = join(here, "peers/onnx-server.mjs");
      const peer = await start([server, name, onnx, JSON.stringify([model.width]), names]);
      const apart = await difference(own.url, peer.url, bodies);
      if (!(apart < 1e-5)) throw new Error(`${name} and steepest differ by ${apart}`);
      servers.push({ name, ...peer });
    }
    for (const concurrency of [1, 32]) {
      for (const server of servers) {
        const { perSecond, each } = await drive(server, bodies, concurrency);
        const columns = [model.name, `${concurrency} at a time`, server.name];
        console.log([...columns, `${perSecond.toFixed(0)}/s`, `${each.toFixed(3)} ms CPU`].join("  "));
      }
    }
    for (const { child } of servers) {
      child.removeAllListeners("exit");
      child.kill();
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
