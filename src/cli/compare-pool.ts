/** Cells in worker threads, or one after another in this thread. */
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SteepestError } from "../run/errors.ts";
import type { RunSpec } from "../run/spec.ts";
import { type Cell, runCell } from "../tune/compare-cell.ts";
import { type CellAnswer, cellTools } from "./compare-worker.ts";

export interface CellPool {
  /** Rejects with an `Interrupted` after `stop`. */
  readonly run: (run: RunSpec) => Promise<Cell>;
  /** Gives up what is running and what waits. */
  readonly stop: () => Promise<void>;
}

/** The comparison was stopped; no defect. */
export class Interrupted extends Error {}

export const createPool = (jobs: number): Promise<CellPool> => (jobs > 1 ? threads(jobs) : inProcess());

async function inProcess(): Promise<CellPool> {
  let stopped = false;
  let queue: Promise<unknown> = Promise.resolve();
  const one = async (run: RunSpec): Promise<Cell> => {
    if (stopped) throw new Interrupted();
    const cell = await runCell(run, { ...(await cellTools(run.backend)), interrupted: () => stopped });
    if (cell === null) throw new Interrupted();
    return cell;
  };
  return {
    run: (run) => {
      const mine = queue.then(() => one(run));
      queue = mine.catch(() => {
        stopped = true; // the first failure ends the comparison
      });
      return mine;
    },
    stop: async () => {
      stopped = true;
      await queue;
    },
  };
}

async function threads(jobs: number): Promise<CellPool> {
  const { Tinypool } = await import("tinypool");
  const pool = new Tinypool({ filename: workerFile(), minThreads: 1, maxThreads: jobs, idleTimeout: 60_000 });
  let stopped = false;
  return {
    run: async (run) => {
      if (stopped) throw new Interrupted();
      const answer: CellAnswer = await pool.run(run).catch((error: unknown) => {
        throw stopped ? new Interrupted() : error;
      });
      if ("cell" in answer) return answer.cell!;
      const { id, what, ...details } = answer.error;
      throw new SteepestError(id, what, details);
    },
    stop: async () => {
      stopped = true;
      await pool.destroy();
    },
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
