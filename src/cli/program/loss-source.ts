/** Which of the logs that a program makes holds its loss: what it prints, or a file that it writes. */

import { existsSync, statSync } from "node:fs";
import { relative } from "node:path";
import { listFiles } from "../../logs/node-list.ts";
import { judgedSeries, type RunLog, type Series } from "../../run/log.ts";
import { systemClock } from "../../run/long-work.ts";
import { createTail, type Tail } from "../diagnose/tail.ts";

export interface LossSourceOptions {
  /** What the program prints goes here. */
  readonly output: string;
  /** Its own files are looked for here. */
  readonly folder: string;
  /** Read these instead. */
  readonly paths: readonly string[] | undefined;
  /** What was found in another trial of the same program: the same is read here. */
  readonly like?: Pick<FoundLoss, "log" | "loss"> | undefined;
  readonly loss?: string | undefined;
  readonly lr?: string | undefined;
  readonly step?: string | undefined;
}

export interface FoundLoss {
  /** Path within the trial's folder; "output.log" is what the program prints. */
  readonly file: string;
  readonly log: RunLog;
  readonly loss: Series;
}

export interface LossSource {
  /** Reads what has come since; null while no loss is found. `all`: looks for new files too, whenever that was last done. */
  readonly look: (options?: { all?: boolean }) => Promise<FoundLoss | null>;
  /** Files that were read, for a message when there is no loss in them. */
  readonly files: () => readonly string[];
}

/** Milliseconds between two looks for new files. */
const LIST_EVERY = 1000;

export function createLossSource({ output, folder, paths, like, ...columns }: LossSourceOptions): LossSource {
  const tails = new Map<string, { readonly tail: Tail; logs: readonly RunLog[] }>();
  let listed = Number.NEGATIVE_INFINITY;
  const list = async (): Promise<void> => {
    listed = systemClock.now();
    for (const path of await filesOf(paths ?? [output, folder]))
      if (!tails.has(path)) tails.set(path, { tail: createTail(path, columns), logs: [] });
  };
  return {
    async look({ all = false } = {}) {
      if (all || systemClock.now() - listed >= LIST_EVERY) await list();
      let best: FoundLoss | null = null;
      for (const [path, one] of tails) {
        try {
          if (one.tail.look()) one.logs = one.tail.logs();
        } catch (error) {
          // no log, or between two writes: it is read afresh when it changes again
          if (!(error instanceof Error)) throw error;
          one.tail.restart();
          one.logs = [];
        }
        // the last run of a file is the one that goes on
        const log = one.logs.at(-1);
        const loss = log === undefined ? null : lossOf(log, like);
        if (log === undefined || loss === null) continue;
        if (best === null || loss.values.length > best.loss.values.length)
          best = { file: relative(folder, path), log, loss };
      }
      return best;
    },
    files: () => [...tails.keys()].map((path) => relative(folder, path)),
  };
}

/** The same series as in the other trial, whichever this one, not so long yet, would be judged by alone. */
function lossOf(log: RunLog, like: LossSourceOptions["like"]): Series | null {
  if (like === undefined) return judgedSeries(log);
  if (log.format !== like.log.format) return null;
  return log.series.find((s) => s.name === like.loss.name) ?? null;
}

async function filesOf(paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const path of paths) {
    if (!existsSync(path)) continue;
    if (statSync(path).isDirectory()) for (const file of await listFiles(path)) found.add(file);
    else found.add(path);
  }
  return [...found];
}
