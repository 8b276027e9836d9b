/** One training of a program: started, read while it runs, paused where nobody waits for it, continued, ended. */
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SteepestError } from "../../run/errors.ts";
import { systemClock } from "../../run/long-work.ts";
import { makeFolders } from "../../run/node-folder.ts";
import { type Curve, curveOf } from "./curve.ts";
import { createLossSource, type FoundLoss, type LossSource, type LossSourceOptions } from "./loss-source.ts";
import { type Ending, type Program, startProgram } from "./process.ts";
import type { Slots } from "./slots.ts";
import { type Blanks, fill, fillWord, type Template } from "./template.ts";

/** What becomes of a program that nobody waits for: it sleeps, it is ended and starts again if need be, or it runs on. */
export type Pausing = "stop" | "restart" | "run";

export interface ProgramTrialOptions extends Pick<LossSourceOptions, "paths" | "loss" | "step"> {
  readonly template: Template;
  readonly blanks: Blanks;
  /** Of this trial alone; made here. */
  readonly folder: string;
  readonly slots: Slots;
  /** GPU of each slot, for CUDA_VISIBLE_DEVICES. */
  readonly gpus: readonly string[] | undefined;
  readonly pausing: Pausing;
  readonly like: () => FoundLoss | undefined;
  /** Milliseconds between two looks at what the program has logged. */
  readonly pollMs: () => number;
  readonly signal: AbortSignal;
}

export interface ProgramTrial {
  /** As far as it is known. */
  readonly curve: () => Curve;
  readonly found: () => FoundLoss | null;
  /** Seconds that it ran, without pauses; null where a record from before does not say. */
  readonly seconds: () => number | null;
  /** How the program ended; null while it goes on, or when we ended it. */
  readonly ending: () => Ending | null;
  /** Runs until `enough` says so after a look, or until the program has ended. */
  readonly runUntil: (enough: (curve: Curve) => boolean) => Promise<void>;
  /** Ends the program. Whoever waits for it goes on. */
  readonly release: () => Promise<void>;
  /** The last lines that it printed. */
  readonly lastLines: (count: number) => string;
  readonly files: () => readonly string[];
}

const NOTHING: Curve = { steps: [], losses: [] };
export const OUTPUT = "output.log";

export function createProgramTrial(options: ProgramTrialOptions): ProgramTrial {
  const { folder, slots, pausing, signal } = options;
  const record = `${folder}.json`;
  let program: Program | null = null;
  let source: LossSource | null = null;
  let slot: number | undefined;
  let [found, ending]: [FoundLoss | null, Ending | null] = [null, null];
  let curve: Curve = NOTHING;
  let seconds: number | null = 0;
  let released = false;

  const stored = readRecord(record);
  if (stored !== null) ({ curve, ending, seconds } = stored);

  const begin = async (): Promise<Program> => {
    rmSync(record, { force: true });
    [found, ending, curve, seconds] = [null, null, NOTHING, 0];
    const begun = await launch(options, options.gpus?.[slot!]);
    source = begun.source;
    return begun.program;
  };
  const look = async (all = false): Promise<void> => {
    found = (await source!.look({ all })) ?? found;
    if (found !== null) curve = curveOf(found);
  };
  const end = async (): Promise<void> => {
    const running = program;
    program = null;
    await running?.end();
  };

  const runOn = async (enough: (curve: Curve) => boolean): Promise<void> => {
    program ??= await begin();
    program.send("SIGCONT");
    const begun = systemClock.now();
    const mine = program;
    let gone: Ending | null = null;
    void mine.ended.then((how) => {
      gone = how;
    });
    while (!released && !signal.aborted) {
      const over = gone;
      await look(over !== null);
      if (over !== null) {
        program = null;
        ending = over;
        // at once: what has ended is kept whatever ends us
        if (seconds !== null) seconds += (systemClock.now() - begun) / 1000;
        writeRecord(record, { curve, ending, seconds });
        return;
      }
      if (enough(curve)) break;
      await Promise.race([mine.ended, sleep(options.pollMs())]);
    }
    if (seconds !== null) seconds += (systemClock.now() - begun) / 1000;
    if (released || signal.aborted || pausing === "restart") await end();
    else mine.send("SIGSTOP");
  };
  return {
    curve: () => curve,
    seconds: () => seconds,
    found: () => found,
    ending: () => ending,
    async runUntil(enough) {
      // what has ended, now or in a search before, won't say more; nor does what was ended when it had said enough
      if (ending !== null || released || (curve.steps.length > 0 && enough(curve))) return;
      slot = await slots.take(program === null ? undefined : slot);
      try {
        if (signal.aborted || released) return;
        await runOn(pausing === "run" ? () => false : enough);
      } finally {
        slots.give(slot);
      }
    },
    async release() {
      if (released) return;
      released = true;
      await end();
      if (!signal.aborted && ending === null) writeRecord(record, { curve, ending, seconds });
    },
    lastLines: (count) => lastLines(join(folder, OUTPUT), count),
    files: () => source?.files() ?? [],
  };
}

/** Starts the program in a folder made anew. */
async function launch(
  { template, blanks, folder, paths, like, loss, step }: ProgramTrialOptions,
  gpu: string | undefined,
): Promise<{ program: Program; source: LossSource }> {
  rmSync(folder, { recursive: true, force: true });
  makeFolders(folder);
  const all = { ...blanks, out: folder };
  const { command, env } = await fill(template, all);
  const output = join(folder, OUTPUT);
  const source = createLossSource({
    output,
    folder,
    paths: paths?.map((path) => fillWord(path, all)),
    like: like(),
    loss,
    step,
  });
  const file = openSync(output, "a");
  try {
    const program = await startProgram(command, {
      env: { ...process.env, ...env, ...(gpu !== undefined && { CUDA_VISIBLE_DEVICES: gpu }) },
      stdio: ["ignore", file, file],
    });
    return { program, source };
  } finally {
    closeSync(file);
  }
}

interface Recorded {
  readonly curve: Curve;
  readonly ending: Ending | null;
  readonly seconds: number | null;
}

const NAMES = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY } as const;

/** What a search before this one has seen of the trial; null when it has not come to a record. */
function readRecord(path: string): Recorded | null {
  if (!existsSync(path)) return null;
  try {
    const {
      steps,
      losses,
      ending,
      seconds = null,
    } = JSON.parse(readFileSync(path, "utf8")) as {
      steps: number[];
      losses: (number | keyof typeof NAMES)[];
      ending: Ending | null;
      seconds?: number | null;
    };
    const curve = { steps, losses: losses.map((x) => (typeof x === "number" ? x : NAMES[x])) };
    return { curve, ending, seconds };
  } catch (cause) {
    throw new SteepestError("trial-record", "the record of a trial can't be read", {
      where: path,
      help: "delete this file: the trial is then run again",
      cause,
    });
  }
}

function writeRecord(path: string, { curve: { steps, losses }, ending, seconds }: Recorded): void {
  const named = losses.map((x) =>
    Number.isFinite(x) ? x : Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf",
  );
  writeFileSync(`${path}.new`, `${JSON.stringify({ steps, losses: named, ending, seconds })}\n`);
  renameSync(`${path}.new`, path);
}

const TAIL_BYTES = 8192;

function lastLines(path: string, count: number): string {
  if (!existsSync(path)) return "";
  return tailOf(path)
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== "")
    .slice(-count)
    .join("\n");
}

/** The end of a file, of whatever size. */
function tailOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const read = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.subarray(0, read).toString("utf8");
  } finally {
    closeSync(file);
  }
}
