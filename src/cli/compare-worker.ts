/** What a worker thread runs: one cell, or one search. A file of its own in dist, for the pool loads it by its path. */
import { nodeHost } from "../data/node-host.ts";
import { chooseBackend } from "../engine/registry.ts";
import { type ErrorDetails, SteepestError } from "../run/errors.ts";
import { importFunction } from "../run/node-run-file.ts";
import type { RunSpec } from "../run/spec.ts";
import { type Cell, type CellTools, runCell } from "../tune/compare/cell.ts";
import { type RateQuestion, type RateSearch, searchCellRate } from "../tune/compare/rate-search.ts";

export interface Job {
  readonly run: RunSpec;
  /** A search with the run instead of the run itself. */
  readonly question: RateQuestion | null;
}

export type Outcome = Cell | RateSearch | null;

/** Errors lose their class between threads, so ours travel as records. */
export type JobAnswer =
  | { readonly outcome: Outcome }
  | { readonly error: { readonly id: string; readonly what: string } & Omit<ErrorDetails, "cause"> };

/** `threads` are those of a cell's own: one where other cells run beside it. */
export async function cellTools(backend: string, threads?: number): Promise<CellTools> {
  return {
    host: { ...nodeHost(), importFunction },
    backend: await chooseBackend(backend, threads === undefined ? {} : { threads }),
  };
}

export const doJob = ({ run, question }: Job, tools: CellTools): Promise<Outcome> =>
  question === null ? runCell(run, tools) : searchCellRate(run, question, tools);

export default async function answer(job: Job): Promise<JobAnswer> {
  try {
    return { outcome: await doJob(job, await cellTools(job.run.backend, 1)) };
  } catch (error) {
    if (!(error instanceof SteepestError)) throw error;
    const { id, message, help, exitCode } = error;
    return { error: { id, what: message, help, exitCode } };
  }
}
