/** Runs the command line in a process of its own, as a user would. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const launcher = fileURLToPath(new URL("launch.js", import.meta.url));
const many = fileURLToPath(new URL("many.js", import.meta.url));
export const examples: string = fileURLToPath(new URL("../../examples", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** `stdout`: a file that standard output goes to instead of the result. */
export function start(
  args: readonly string[],
  { cwd, stdout: to }: { cwd: string; stdout?: string },
): Running {
  const out = to === undefined ? "pipe" : openSync(to, "w");
  const child = spawn(process.execPath, [launcher, ...args], { cwd, stdio: ["ignore", out, "pipe"] });
  if (typeof out === "number") closeSync(out);
  const finished = new Promise<Finished>((resolve, reject) => {
    let [stdout, stderr] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, finished };
}

export const steepest = (args: readonly string[], options: { cwd: string }): Promise<Finished> =>
  start(args, options).finished;

let shared: ChildProcess | null = null;
afterAll(() => shared?.kill());

/**
 * The same for a command line that needs no process of its own, one at a time: the test file's share one, which starts once. It
 * has no standard input, and ends with the file.
 */
export async function steepestAgain(
  args: readonly string[],
  { cwd }: { cwd: string },
): Promise<Omit<Finished, "signal">> {
  shared ??= fork(many, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  shared.send({ args, cwd });
  const answered = new AbortController();
  const ended = once(shared, "exit", { signal: answered.signal }).then(([code]) => {
    throw new Error(`the process of ${args.join(" ")} ended with ${code}`);
  });
  const [finished] = await Promise.race([once(shared, "message"), ended]);
  // the answer is here: nobody waits for the end any more
  ended.catch(() => {});
  answered.abort();
  return finished as Omit<Finished, "signal">;
}

const folders: string[] = [];
afterAll(() => {
  // what a search has just stopped may write its last line yet
  for (const path of folders) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
});

/** An empty folder that is gone after the test file. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "steepest-"));
  folders.push(path);
  return path;
}
