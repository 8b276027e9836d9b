/** Cells in worker threads, or one after another in this thread. */
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SteepestError } from "../run/errors.ts";
import type { RunSpec } from "../run/spec.ts";
import { type Cell, runCell } from "../tune/compare/cell.ts";
import { type CellAnswer, cellTools } from "./compare-worker.ts";

export interface CellPool {
  /** Null when it was given up. */
  readonly run: (run: RunSpec) => Promise<Cell | null>;
  /** Gives up what is running and what waits. */
  readonly close: () => Promise<void>;
}

/** Aborted, the pool gives up what is running and what waits. */
export const createPool = (jobs: number, signal: AbortSignal): Promise<CellPool> =>
  jobs > 1 ? threads(jobs, signal) : inProcess(signal);

async function inProcess(asked: AbortSignal): Promise<CellPool> {
  const closed = new AbortController();
  const signal = AbortSignal.any([asked, closed.signal]);
  let queue: Promise<unknown> = Promise.resolve();
  const one = async (run: RunSpec): Promise<Cell | null> =>
    signal.aborted ? null : runCell(run, { ...(await cellTools(run.backend)), signal });
  return {
    run: (run) => {
      const mine = queue.then(() => one(run));
      queue = mine.catch(() => closed.abort()); // the first failure ends the comparison
      return mine;
    },
    close: async () => {
      closed.abort();
      await queue;
    },
  };
}

async function threads(jobs: number, signal: AbortSignal): Promise<CellPool> {
  const { Tinypool } = await import("tinypool");
  const pool = new Tinypool({ filename: workerFile(), minThreads: 1, maxThreads: jobs, idleTimeout: 60_000 });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= pool.destroy();
    return closing;
  };
  signal.addEventListener("abort", () => void close());
  return {
    run: async (run) => {
      if (closing !== undefined) return null;
      const answer: CellAnswer | null = await pool.run(run).catch((error: unknown) => {
        if (closing !== undefined) return null;
        throw error;
      });
      if (answer === null) return null;
      if ("cell" in answer) return answer.cell;
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
