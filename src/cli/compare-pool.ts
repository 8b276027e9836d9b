/** Cells and searches in worker threads, or one after another in this thread. */
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SteepestError } from "../run/errors.ts";
import type { RunSpec } from "../run/spec.ts";
import type { Cell } from "../tune/compare/cell.ts";
import type { RateQuestion, RateSearch } from "../tune/compare/rate-search.ts";
import { cellTools, doJob, type Job, type JobAnswer, type Outcome } from "./compare-worker.ts";

export interface CellPool {
  /** Null when it was given up. */
  readonly run: (run: RunSpec) => Promise<Cell | null>;
  readonly search: (run: RunSpec, question: RateQuestion) => Promise<RateSearch | null>;
  /** Gives up what is running and what waits. */
  readonly close: () => Promise<void>;
}

/** Aborted, the pool gives up what is running and what waits. */
export async function createPool(jobs: number, signal: AbortSignal): Promise<CellPool> {
  const { perform, close } = jobs > 1 ? await threads(jobs, signal) : inProcess(signal);
  return {
    run: async (run) => (await perform({ run, question: null })) as Cell | null,
    search: async (run, question) => (await perform({ run, question })) as RateSearch | null,
    close,
  };
}

interface Workers {
  readonly perform: (job: Job) => Promise<Outcome>;
  readonly close: () => Promise<void>;
}

function inProcess(asked: AbortSignal): Workers {
  const closed = new AbortController();
  const signal = AbortSignal.any([asked, closed.signal]);
  let queue: Promise<unknown> = Promise.resolve();
  const one = async (job: Job): Promise<Outcome> =>
    signal.aborted ? null : doJob(job, { ...(await cellTools(job.run.backend)), signal });
  return {
    perform: (job) => {
      const mine = queue.then(() => one(job));
      queue = mine.catch(() => closed.abort()); // the first failure ends the comparison
      return mine;
    },
    close: async () => {
      closed.abort();
      await queue;
    },
  };
}

async function threads(jobs: number, signal: AbortSignal): Promise<Workers> {
  const { Tinypool } = await import("tinypool");
  const pool = new Tinypool({ filename: workerFile(), minThreads: 1, maxThreads: jobs, idleTimeout: 60_000 });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= pool.destroy();
    return closing;
  };
  signal.addEventListener("abort", () => void close());
  return {
    perform: async (job) => {
      if (closing !== undefined) return null;
      const answer: JobAnswer | null = await pool.run(job).catch((error: unknown) => {
        if (closing !== undefined) return null;
        throw error;
      });
      if (answer === null) return null;
      if ("outcome" in answer) return answer.outcome;
      const { id, what, ...details } = answer.error;
      throw new SteepestError(id, what, details);
    },
    close,
  };
}

/** In dist the built worker; from the sources a few lines that load it as the command line itself was loaded. */
function workerFile(): string {
  const here = import.meta.url;
  if (!here.endsWith(".ts")) {
    const manifest = fileURLToPath(import.meta.resolve("steepest/package.json"));
    return new URL("dist/cli/compare-worker.js", pathToFileURL(manifest)).href;
  }
  const jiti = pathToFileURL(createRequire(here).resolve("jiti")).href;
  const worker = new URL("compare-worker.ts", here).href;
  const code = [
    `import { createJiti } from ${JSON.stringify(jiti)};`,
    `export default (await createJiti(${JSON.stringify(worker)}).import(${JSON.stringify(worker)})).default;`,
  ];
  return `data:text/javascript,${encodeURIComponent(code.join("\n"))}`;
}
