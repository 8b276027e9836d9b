/** Following all that a command line names: files, pipes and standard input side by side. */
import type { RunLog } from "../../logs/index.ts";
import { pipeAt, readFifo } from "../../logs/node-fifo.ts";
import { type FollowOptions, followFiles, followStream } from "./follow.ts";

/**
 * Follows until `signal`, or until what has an end has ended: standard input, and a shell's `<(…)`. A named pipe has
 * none, since another writer may come. Gives the logs of what can't be read again.
 */
export async function followAll(
  paths: readonly string[],
  follow: FollowOptions,
): Promise<Map<string, RunLog[]>> {
  const logs = new Map<string, RunLog[]>();
  const ended = new AbortController();
  const signal = AbortSignal.any([follow.signal, ended.signal]);
  const stream = async (path: string, again: boolean): Promise<void> => {
    const input = path === "-" ? process.stdin : readFifo(path, { signal, again });
    logs.set(path, await followStream(input, { ...follow, source: path, signal }));
  };
  const kinds = paths.map((path) => ({ path, pipe: path === "-" ? "unnamed" : pipeAt(path) }));
  const of = (kind: string | null): string[] => kinds.filter((k) => k.pipe === kind).map((k) => k.path);
  const files = of(null);
  const endless = of("named").map((path) => stream(path, true));
  if (files.length > 0) endless.push(followFiles(files, { ...follow, signal }));
  const ending = of("unnamed").map((path) => stream(path, false));
  const end = Promise.all(ending.length > 0 ? ending : endless).finally(() => ended.abort());
  await Promise.all([end, ...endless]);
  return logs;
}
