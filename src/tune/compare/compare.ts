/**
 * `compare`: optimizers × learning rates × seeds. Every cell is an independent run of the same budget; the seed decides
 * initial values, data order and validation rows, so cells of one seed differ in the optimizer and its rate alone.
 */
import { type LongWork, nullWhenAborted } from "../../run/long-work.ts";
import type { RunSpec } from "../../run/spec.ts";
import type { Cell } from "./cell.ts";
import { atRate, type Contestant } from "./contestants.ts";
import { bestOf, nextRates, type RatePlan } from "./grid.ts";
import { type Summary, summarize, triedRates } from "./summary.ts";

/** What is compared: a run, the optimizers to put in, and the seeds and rates each is given. */
export interface Comparison {
  /** The run whose optimizer and rate are replaced. */
  readonly run: RunSpec;
  readonly contestants: readonly Contestant[];
  readonly seeds: readonly number[];
  readonly plan: RatePlan;
  /** The loss to measure the way to; chosen from the results when absent. */
  readonly target?: number;
}

export interface CompareProgress {
  readonly done: number;
  /** Cells that the search asks for so far, and the refinement that is still to come at most. */
  readonly expected: number;
  /** Of the cells that were run now, not taken from before. */
  readonly ran: number;
  readonly best: { readonly label: string; readonly lr: number; readonly loss: number } | null;
}

/** Who runs the cells of `compare`, what is known beforehand, and who hears of new ones. */
export interface CompareOptions extends Omit<LongWork<CompareProgress>, "clock"> {
  /** Runs a cell, now or when there is room; how many run at once is its affair. Null: it was given up, as asked by the signal. */
  readonly runCell: (run: RunSpec) => Promise<Cell | null>;
  /** Cells from before, by `cellKey`. */
  readonly known?: ReadonlyMap<string, Cell>;
  /** A new cell, as soon as it is there. */
  readonly onCell?: (cell: Cell) => void;
}

/** What makes a cell that cell, given the run: optimizer with options and rate, and the seed. */
export const cellKey = ({ optimizer, seed }: Pick<Cell, "optimizer" | "seed">): string =>
  JSON.stringify([seed, Object.fromEntries(Object.entries(optimizer).sort(([a], [b]) => (a < b ? -1 : 1)))]);

/** The result depends on the cells alone, not on the order in which they end. Null when aborted. */
export async function compare(
  { run, contestants, seeds, plan, target }: Comparison,
  { runCell, known = new Map(), onCell, onProgress, signal }: CompareOptions,
): Promise<Summary | null> {
  const cells = new Map<Contestant, Cell[]>(contestants.map((c) => [c, []]));
  const asked = new Map<Contestant, number>();
  let ran = 0;
  const tell = (): void => onProgress?.({ ...count(), ran, best: leader() });
  const count = (): { done: number; expected: number } => {
    let [done, expected] = [0, 0];
    for (const c of contestants) {
      done += cells.get(c)!.length;
      const least = (plan.coarse.length + refinements(plan)) * seeds.length;
      expected += Math.max(least, asked.get(c) ?? 0);
    }
    return { done, expected };
  };
  const leader = (): CompareProgress["best"] => {
    const bests = contestants.flatMap((c) => {
      const best = bestOf(triedRates(cells.get(c)!, seeds));
      return best === null ? [] : [{ label: c.label, lr: best.lr, loss: best.final! }];
    });
    return bests.sort((a, b) => a.loss - b.loss)[0] ?? null;
  };
  const oneCell = async (c: Contestant, lr: number, seed: number): Promise<Cell> => {
    const optimizer = atRate(c, lr);
    const before = known.get(cellKey({ optimizer, seed }));
    if (before !== undefined) return before;
    signal?.throwIfAborted();
    const cell = await runCell({ ...run, optimizer, seed });
    if (cell === null) throw new Error("a run was given up, but the comparison was not aborted");
    ran++;
    onCell?.(cell);
    return cell;
  };
  const search = async (c: Contestant): Promise<void> => {
    const own = cells.get(c)!;
    for (;;) {
      const rates = nextRates(triedRates(own, seeds), plan);
      asked.set(c, own.length + rates.length * seeds.length);
      if (rates.length === 0) return tell();
      const jobs = rates.flatMap((lr) => seeds.map((seed) => ({ lr, seed })));
      // a stage is looked at when it is complete, so that the next one does not depend on who was faster
      const stage = await Promise.all(
        jobs.map(async ({ lr, seed }) => {
          const cell = await oneCell(c, lr, seed);
          own.push(cell);
          tell();
          return cell;
        }),
      );
      own.splice(own.length - stage.length, stage.length, ...stage);
    }
  };
  return nullWhenAborted(signal, async () => {
    await Promise.all(contestants.map(search));
    return summarize(cells, { seeds, plan, ...(target !== undefined && { target }) });
  });
}

/** Rates that refining adds when the best lies inside the grid. */
function refinements({ adaptive }: RatePlan): number {
  return adaptive === null
    ? 0
    : 2 * Math.round(Math.log2(Math.log(adaptive.ratio) / Math.log(adaptive.finest)));
}
