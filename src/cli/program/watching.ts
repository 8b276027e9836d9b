/** The log of a program that runs, from what it prints or from the files that it writes. */
import { existsSync } from "node:fs";
import type { PassThrough } from "node:stream";
import type { RunLog } from "../../logs/index.ts";
import { readLogPaths } from "../../logs/node-files.ts";
import { SteepestError } from "../../run/errors.ts";
import { type FollowOptions, followFiles, followStream } from "../diagnose/follow.ts";
import type { Ending, Program } from "./process.ts";

export interface WatchedProgram extends Pick<FollowOptions, "loss" | "lr" | "step" | "onAlert" | "onNote"> {
  readonly program: Program;
  /** What it prints. */
  readonly lines: PassThrough;
  /** The program's name, for the log of what it prints. */
  readonly name: string;
  /** Read instead of what it prints; they may come into being while it runs. */
  readonly paths: readonly string[] | undefined;
}

/** Watches until the program has ended. No logs, and a note, when nothing could be read. */
export async function watchProgram({
  program,
  lines,
  name,
  paths,
  ...options
}: WatchedProgram): Promise<{ ending: Ending; logs: RunLog[] }> {
  const ended = new AbortController();
  const follow = { ...options, live: true, signal: ended.signal };
  const { loss, lr, step, onNote } = options;
  const trouble = (error: unknown): RunLog[] => {
    if (!(error instanceof SteepestError)) throw error;
    const help = error.help === undefined ? "" : `; ${error.help}`;
    onNote(`no diagnosis: ${error.where === undefined ? "" : `${error.where}: `}${error.message}${help}`);
    return [];
  };
  if (paths === undefined) {
    const [ending, logs] = await Promise.all([
      program.ended,
      followStream(lines, { ...follow, source: name }).catch(trouble),
    ]);
    return { ending, logs };
  }
  lines.resume();
  const following = followFiles(paths, { ...follow, mayAppear: true });
  const ending = await program.ended;
  ended.abort();
  await following;
  const there = paths.filter((path) => existsSync(path));
  for (const path of paths) if (!there.includes(path)) onNote(`${path}: the program has not written it`);
  const logs = there.length === 0 ? [] : await readLogPaths(there, { loss, lr, step }).catch(trouble);
  return { ending, logs };
}
