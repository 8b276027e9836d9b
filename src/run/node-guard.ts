/**
 * A process group that never outlives us: a shell waits at the end of a pipe that only we hold, and when it closes,
 * whatever ended us, it ends the group, by SIGTERM and five seconds later by SIGKILL.
 */
import { spawn } from "node:child_process";

/** Begins to watch over the process group. Returns what ends the watch. */
export function guardGroup(group: number): () => void {
  const watcher = spawn(
    "/bin/sh",
    [
      "-c",
      'trap "" INT TERM HUP; read -r _; kill -s TERM -- "-$1"; kill -s CONT -- "-$1"; sleep 5; kill -s KILL -- "-$1"',
      "guard",
      String(group),
    ],
    { stdio: ["pipe", "ignore", "ignore"], detached: true },
  );
  // without a shell there is no guard; a Ctrl-C still reaches the group through us
  watcher.on("error", () => {});
  watcher.stdin?.on("error", () => {});
  watcher.unref();
  return () => void watcher.kill("SIGKILL");
}
