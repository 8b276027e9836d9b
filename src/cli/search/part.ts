/** Some of a search's trainings, for a job of its own: an array of jobs makes them all, and `--resume` joins them. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { showNumber } from "../../run/show-number.ts";
import { catchInterrupt } from "../interrupt.ts";
import type { Blanks } from "../program/template.ts";
import { createProgramTrial } from "../program/trial.ts";
import { allFailed, longEnough, lost, noLoss, trialName } from "../program/trials.ts";
import type { Terminal } from "../terminal.ts";
import { settingWords } from "./compare.ts";
import { FIRST_RATE, type FindOptions, type Prepared, SEEDS } from "./find.ts";
import { interrupted } from "./invocation.ts";
import type { Part } from "./options.ts";

/** One setting of a comparison, and the folder of its search; a search alone has one, without blanks. */
export interface Setting {
  readonly set: Blanks;
  readonly root: string;
}

interface Cell extends Setting {
  readonly rate: number;
  readonly seed: number;
}

/** How often the first rate is doubled and halved where `--from` and `--to` name no range. */
const DOUBLINGS = 4;
const POLL_MS = 250;

/** The rates that a search would come to, with every seed. */
export function cellsOf(
  { lr = FIRST_RATE, seed = 0, seeds = SEEDS, from, to }: FindOptions,
  settings: readonly Setting[],
): Cell[] {
  const doublings = (rate: number): number => Math.log2(rate / lr);
  const low = from === undefined ? -DOUBLINGS : Math.ceil(doublings(from) - 1e-9);
  const high = to === undefined ? DOUBLINGS : Math.floor(doublings(to) + 1e-9);
  const rates = Array.from({ length: Math.max(0, high - low + 1) }, (_, i) =>
    Number((lr * 2 ** (low + i)).toPrecision(6)),
  );
  return settings.flatMap((setting) =>
    Array.from({ length: seeds }, (_, s) =>
      rates.map((rate) => ({ ...setting, rate, seed: seed + s })),
    ).flat(),
  );
}

/**
 * Trains every `of`-th of all trainings, from `number` on; what has ended before is not run again. Returns the exit code.
 * @throws SteepestError when the program fails before its first loss, or logs none.
 */
export async function trainPart(
  { folder, options, trials }: Prepared,
  { number, of }: Part,
  { settings, json, terminal }: { settings: readonly Setting[]; json: boolean; terminal: Terminal },
): Promise<number> {
  const cells = cellsOf(options, settings).filter((_, i) => i % of === number - 1);
  const interrupt = catchInterrupt();
  try {
    const made = await Promise.all(
      cells.map(async ({ set, root, rate, seed }) => {
        const { steps } = options;
        const place = join(root, trialName(rate, seed));
        const trial = createProgramTrial({
          ...trials,
          blanks: { ...set, lr: rate, seed, ...(steps !== undefined && { steps }) },
          folder: place,
          like: () => undefined,
          pollMs: () => POLL_MS,
          signal: interrupt.signal,
        });
        try {
          await trial.runUntil((curve) => longEnough(curve, steps) || lost(curve));
        } finally {
          await trial.release();
        }
        if (interrupt.signal.aborted) return null;
        const { losses } = trial.curve();
        const ending = trial.ending();
        if (losses.length === 0) {
          // no result: it is made again where the job is started again
          rmSync(`${place}.json`, { force: true });
          throw ending?.code === 0 ? noLoss(trial, options.loss) : allFailed(trial, rate);
        }
        return {
          set,
          lr: rate,
          seed,
          losses: losses.length,
          loss: losses.at(-1)!,
          exitCode: ending?.code ?? null,
        };
      }),
    );
    if (interrupt.signal.aborted) return interrupted(folder, terminal);
    if (json)
      terminal.print(JSON.stringify({ schema: "steepest.part/1", part: number, of, folder, trials: made }));
    else
      for (const one of made)
        terminal.print(
          `${settingWords({ ...one!.set, lr: one!.lr, seed: one!.seed })}: ${one!.losses} losses, the last ${showNumber(one!.loss)}`,
        );
    return 0;
  } finally {
    interrupt.release();
  }
}
