/** Logs that a client names, read and judged. */
import { isAbsolute } from "node:path";
import { z } from "zod";
import { diagnose } from "../../diagnose/index.ts";
import { type Judged, nameOf } from "../../diagnose/words.ts";
import { refusePipe } from "../../logs/node-fifo.ts";
import { readLogPaths } from "../../logs/node-files.ts";
import { plain } from "../../run/plain.ts";
import type { Folders } from "./folders.ts";
import type { FileLink } from "./tool.ts";

export interface LogArguments {
  readonly paths: string[];
  readonly loss?: string | undefined;
  readonly lr?: string | undefined;
  readonly step?: string | undefined;
}

export const logArguments: z.ZodType<LogArguments> = z.object({
  paths: z
    .array(z.string().min(1))
    .min(1)
    .max(100)
    .describe("log files, folders or patterns (*, **, ?) of any known format"),
  loss: z.string().optional().describe("the series that is the training loss, where the wrong one is taken"),
  lr: z.string().optional().describe("the series that is the learning rate"),
  step: z.string().optional().describe("the column that counts steps"),
});

export interface ReadLogs {
  readonly judged: readonly Judged[];
  /** What was left out and what the readers noticed, a few lines. */
  readonly notes: string[];
  readonly files: FileLink[];
}

/** Lines of notes, and links, that an answer holds at most. */
const MAX = { notes: 8, files: 20 } as const;

/** @throws SteepestError */
export async function readLogs({ paths, loss, lr, step }: LogArguments, folders: Folders): Promise<ReadLogs> {
  const skipped: string[] = [];
  const inside = paths.map((path) => folders.pattern(path));
  for (const path of inside) refusePipe(path);
  const logs = await readLogPaths(inside, {
    loss,
    lr,
    step,
    onSkip: (path, reason) => skipped.push(`left out: ${folders.show(plain(path))}: ${plain(reason)}`),
  });
  const shown = logs.map((log) => ({ ...log, source: folders.show(log.source) }));
  const noticed = shown.flatMap((log) => log.notes.map(({ text }) => `${nameOf(log)}: ${plain(text)}`));
  const notes = [...new Set([...noticed, ...skipped])];
  const left = notes.length - MAX.notes;
  return {
    judged: diagnose(shown).runs.map((run, i): Judged => ({ log: shown[i]!, run })),
    notes: left > 0 ? [...notes.slice(0, MAX.notes), `and ${left} more notes`] : notes,
    files: [...new Set(logs.map((log) => log.source))]
      .filter(isAbsolute)
      .slice(0, MAX.files)
      .map((path) => ({ path, name: folders.show(path) })),
  };
}
