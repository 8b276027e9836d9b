/** Processes of PyTorch that end when we do. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { guardGroup } from "../run/node-guard.ts";

/**
 * torchrun in a group of its own: Ctrl-C reaches it through us, once. It does not outlive us: the group is guarded, and
 * its workers, which may have groups of their own, hold the other end of the standard input that we never write to.
 */
export function spawnTied(
  path: string,
  args: readonly string[],
  { cwd, env = process.env }: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv },
): ChildProcessByStdio<Writable, Readable, Readable> {
  const child = spawn(path, args, {
    cwd,
    env: { ...env, STEEPEST_TIED: "1" },
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  if (child.pid !== undefined && process.platform !== "win32") child.once("close", guardGroup(child.pid));
  return child;
}

/** torchrun and its workers: they share a process group. */
export function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
