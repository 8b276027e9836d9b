/** One training of a program: started, read while it runs, paused where nobody waits for it, continued, ended. */
import { closeSync, existsSync, fstatSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../run/long-work.ts";
import { makeFolders } from "../../run/node-folder.ts";
import { type Curve, curveOf } from "./curve.ts";
import { createLossSource, type FoundLoss, type LossSource, type LossSourceOptions } from "./loss-source.ts";
import { type Ending, type Program, startProgram } from "./process.ts";
import type { Slots } from "./slots.ts";
import { type Blanks, fill, fillWord, type Template } from "./template.ts";
import { type Recorded, readRecord, UNSEEN, writeRecord } from "./trial-record.ts";

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

export const OUTPUT = "output.log";

export function createProgramTrial(options: ProgramTrialOptions): ProgramTrial {
  const { folder, slots, pausing, signal } = options;
  const record = `${folder}.json`;
  let seen: Recorded = readRecord(record) ?? UNSEEN;
  let found: FoundLoss | null = null;
  let running: Running | null = null;
  let source: LossSource | null = null;
  let slot: number | undefined;
  let released = false;

  const begin = async (): Promise<Running> => {
    rmSync(record, { force: true });
    [found, seen] = [null, UNSEEN];
    const begun = await launch(options, options.gpus?.[slot!]);
    source = begun.source;
    return begun;
  };
  const look = async ({ source }: Running, all: boolean): Promise<void> => {
    found = (await source.look({ all })) ?? found;
    if (found !== null) seen = { ...seen, curve: curveOf(found) };
  };
  const end = async (): Promise<void> => {
    const mine = running;
    running = null;
    await mine?.program.end();
  };
  const runOn = async (enough: (curve: Curve) => boolean): Promise<void> => {
    running ??= await begin();
    const mine = running;
    const { program } = mine;
    program.send("SIGCONT");
    const begun = systemClock.now();
    const spent = (): number | null =>
      seen.seconds === null ? null : seen.seconds + (systemClock.now() - begun) / 1000;
    while (!released && !signal.aborted) {
      const ending = mine.ending();
      await look(mine, ending !== null);
      if (ending !== null) {
        running = null;
        seen = { ...seen, ending, seconds: spent() };
        writeRecord(record, seen); // at once: what has ended is kept whatever ends us
        return;
      }
      if (enough(seen.curve)) break;
      await Promise.race([program.ended, sleep(options.pollMs())]);
    }
    seen = { ...seen, seconds: spent() };
    if (released || signal.aborted || pausing === "restart") await end();
    else program.send("SIGSTOP");
  };
  return {
    curve: () => seen.curve,
    seconds: () => seen.seconds,
    found: () => found,
    ending: () => seen.ending,
    async runUntil(enough) {
      // what has ended, now or in a search before, won't say more; nor does what was ended when it had said enough
      if (seen.ending !== null || released || (seen.curve.steps.length > 0 && enough(seen.curve))) return;
      slot = await slots.take(running === null ? undefined : slot);
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
      if (!signal.aborted && seen.ending === null) writeRecord(record, seen);
    },
    lastLines: (count) => lastLines(join(folder, OUTPUT), count),
    files: () => source?.files() ?? [],
  };
}

/** A program that was started, and what it has logged. */
interface Running {
  readonly program: Program;
  readonly source: LossSource;
  /** Null while it goes on. */
  readonly ending: () => Ending | null;
}

/** Starts the program in a folder made anew. */
async function launch(
  { template, blanks, folder, paths, like, loss, step }: ProgramTrialOptions,
  gpu: string | undefined,
): Promise<Running> {
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
    let ending: Ending | null = null;
    void program.ended.then((how) => {
      ending = how;
    });
    return { program, source, ending: () => ending };
  } finally {
    closeSync(file);
  }
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
