/** A comparison of a run file on this machine: its folder, its worker threads, its progress, and Ctrl-C. */
import { createHash } from "node:crypto";
import { relative } from "node:path";
import type { Samples } from "../../data/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { systemClock } from "../../run/long-work.ts";
import { showNumber } from "../../run/show-number.ts";
import type { BuiltRun } from "../../train/index.ts";
import { type CompareResult, type Comparison, compare } from "../../tune/compare/compare.ts";
import { type CompareFolder, openCompareFolder, sharedRun } from "../../tune/compare/node-folder.ts";
import { schedulePeak } from "../../tune/find-lr/schedule-peak.ts";
import { createPool } from "../compare-pool.ts";
import { catchInterrupt } from "../interrupt.ts";
import { createBar } from "../progress.ts";
import { showSeconds, type Terminal } from "../terminal.ts";

const RUNS = "runs";

/** The folder of a built run's cells: `path`, or the next free one of that name. */
export const openFolder = (
  built: BuiltRun,
  { path, name }: { path: string | undefined; name: string },
): CompareFolder =>
  openCompareFolder(sharedRun(built.spec, digest(built), built.totalSteps), { path, root: RUNS, name });

/** Refuses a schedule that sets rates of its own. Throws `usage`. */
export function requirePeak(built: BuiltRun): void {
  if (schedulePeak(built).factor !== null) return;
  const { name } = built.spec.schedule;
  throw new SteepestError("usage", `the schedule ${name} sets its own rates, so there is none to compare`, {
    help: "choose another, e.g. --schedule constant",
  });
}

/** The training and validation rows as the run sees them. */
function digest({ data }: BuiltRun): string {
  const hash = createHash("sha256");
  const add = ({ features, target }: Samples): void => {
    for (const { data, shape } of [features, target]) {
      hash
        .update(JSON.stringify(shape))
        .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  };
  add(data);
  if (data.validation) add(data.validation);
  return hash.digest("hex").slice(0, 32);
}

export interface Outcome {
  /** Null when interrupted. */
  readonly summary: CompareResult | null;
  /** Cells that the folder holds now. */
  readonly finished: number;
  /** Of them, run this time. */
  readonly ran: number;
  readonly seconds: number;
}

/** SIGINT and SIGTERM give up the running cells and keep the finished ones; a second SIGINT stops at once. */
export async function runComparison(
  question: Comparison,
  folder: CompareFolder,
  { jobs, terminal, quiet, built }: { jobs: number; terminal: Terminal; quiet: boolean; built: BuiltRun },
): Promise<Outcome> {
  const { contestants, seeds, plan } = question;
  const interrupt = catchInterrupt();
  const pool = await createPool(jobs, interrupt.signal);
  const began = systemClock.now();
  const elapsed = (): number => (systemClock.now() - began) / 1000;
  if (!quiet) {
    const found = folder.known.size > 0 ? `, ${folder.known.size} finished before` : "";
    const rates = plan.kind === "list" ? `${plan.rates.length} rates` : "the best rate and its neighbours";
    const size = `${contestants.length} optimizers × ${rates} × ${seeds.length === 1 ? "one seed" : `${seeds.length} seeds`}`;
    terminal.note(
      `comparing in ${folder.path}: ${size}, ${built.totalSteps} steps each, ${jobs} at a time${found}`,
    );
  }
  const bar = createBar({ terminal, quiet, total: 1 });
  let ran = 0;
  try {
    const summary = await compare(question, {
      known: folder.known,
      searched: folder.searched,
      runCell: pool.run,
      searchRate: pool.search,
      onCell: folder.append,
      onSearch: folder.appendSearch,
      signal: interrupt.signal,
      onProgress: (p) => {
        ran = p.ran;
        const left = p.ran === 0 ? Number.NaN : (elapsed() / p.ran) * (p.expected - p.done);
        const best =
          p.best && `  best so far ${showNumber(p.best.loss)}: ${p.best.label} at ${showNumber(p.best.lr)}`;
        const text = `${showSeconds(left)} left${best ?? ""}`;
        bar.update(p.done, text, {
          total: p.expected,
          line: `${p.done} of about ${p.expected} runs  ${text}`,
        });
      },
    });
    return { summary, finished: folder.known.size + ran, ran, seconds: elapsed() };
  } finally {
    bar.stop();
    interrupt.release();
    await pool.close();
  }
}

export function interrupted(
  folder: CompareFolder,
  finished: number,
  { terminal, json, schema }: { terminal: Terminal; json: boolean; schema: string },
): number {
  if (json) {
    const record = { schema, status: "interrupted", folder: folder.path, finished };
    terminal.print(JSON.stringify(record));
  }
  terminal.note(`interrupted: ${finished} finished runs are kept in ${folder.path}`);
  terminal.note(`go on with: ${sameCommand(relative(process.cwd(), folder.path) || ".")}`);
  return 130;
}

/** The command as it was typed, on this folder. */
function sameCommand(folder: string): string {
  const args = process.argv.slice(2);
  const kept = args.filter((a, i) => a !== "--out" && args[i - 1] !== "--out" && !a.startsWith("--out="));
  const quoted = [...kept, "--out", folder].map((a) =>
    /^[\w@%+=:,./-]+$/.test(a) ? a : `'${a.replace(/'/g, "'\\''")}'`,
  );
  return `steepest ${quoted.join(" ")}`;
}
