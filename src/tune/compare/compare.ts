/**
 * `compare`: each optimizer's rate is searched as `find-lr` does, all with the same budget; then whole trainings at that rate
 * and around it decide, with every seed. Every cell is an independent training of the same length; the seed decides initial
 * values, data order and validation rows, so cells of one seed differ in the optimizer and its rate alone.
 */
import { type LongWork, nullWhenAborted } from "../../run/long-work.ts";
import type { RunSpec } from "../../run/spec.ts";
import type { Cell } from "./cell.ts";
import { atRate, type Contestant } from "./contestants.ts";
import { type Arm, type Halved, halve, halvingCost } from "./halving.ts";
import { interimsUpTo, type Race, race } from "./race.ts";
import type { RateQuestion, RateSearch } from "./rate-search.ts";
import { bestOf, FAR_RATES, nextRates, type RatePlan } from "./rates.ts";
import { finalOf, type RateResult, type Summary, stepsTo, summarize, triedRates } from "./summary.ts";

/** What is compared: a run, the optimizers to put in, and the seeds and rates each is given. */
export interface Comparison {
  /** The run whose optimizer and rate are replaced. */
  readonly run: RunSpec;
  readonly contestants: readonly Contestant[];
  readonly seeds: readonly number[];
  readonly plan: RatePlan;
  /** The loss to measure the way to: given, or the level that the best reaches, or that all good ones do (default). */
  readonly target?: number | "best" | undefined;
  /** Seeds beyond `seeds`, at most, that judge who reaches the target first; see `race.ts`. Default 0: nobody does. */
  readonly freshSeeds?: number | undefined;
  /**
   * Rates of all optimizers together between which further fresh seeds choose before anybody is judged; see `halving.ts`. Default
   * 0: each races at the rate that was quickest with `seeds`.
   */
  readonly arms?: number | undefined;
}

/** What a comparison gives: the optimizers each at its best rate, and what fresh seeds say of the way to the target. */
export interface CompareResult extends Summary {
  /** Null where there is no target, nobody to race, or no fresh seed. */
  readonly race: Race | null;
  /** What halving chose; null where there was none. The race is run at its rates, and they are those of `toTarget`. */
  readonly halved: Halved | null;
}

/** How far a comparison has come, in cells: a contestant at a rate with a seed. */
export interface CompareProgress {
  readonly done: number;
  /** Cells and searches that are asked for so far. */
  readonly expected: number;
  /** Of the cells that were run now, not taken from before. */
  readonly ran: number;
  readonly best: { readonly label: string; readonly lr: number; readonly loss: number } | null;
}

/** Who runs the cells of `compare`, what is known beforehand, and who hears of new ones. */
export interface CompareOptions extends Omit<LongWork<CompareProgress>, "clock"> {
  /** Runs a cell, now or when there is room; how many run at once is its affair. Null: it was given up, as asked by the signal. */
  readonly runCell: (run: RunSpec) => Promise<Cell | null>;
  /** Searches for one optimizer's rate, likewise; a plan that lists the rates needs none. */
  readonly searchRate?: ((run: RunSpec, question: RateQuestion) => Promise<RateSearch | null>) | undefined;
  /** Cells from before, by `cellKey`, and searches, by `searchKey`. */
  readonly known?: ReadonlyMap<string, Cell>;
  readonly searched?: ReadonlyMap<string, RateSearch>;
  /** A new cell, and a new search, as soon as it is there. */
  readonly onCell?: (cell: Cell) => void;
  readonly onSearch?: (search: RateSearch) => void;
}

/** What makes a cell that cell, given the run: optimizer with options and rate, and the seed. */
export const cellKey = ({ optimizer, seed }: Pick<Cell, "optimizer" | "seed">): string =>
  JSON.stringify([seed, sorted(optimizer)]);

/** What makes a search that search, given the run. */
export const searchKey = ({ optimizer, seed, budget, bounds }: RateQuestion): string =>
  JSON.stringify([seed, sorted(optimizer), budget, bounds]);

const sorted = (record: object): object =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The result depends on cells and searches alone, not on the order in which they end. Null when aborted. */
export async function compare(question: Comparison, options: CompareOptions): Promise<CompareResult | null> {
  const { contestants, seeds, plan, target, freshSeeds = 0, arms = 0 } = question;
  const { onProgress, signal } = options;
  const cells = new Map<Contestant, Cell[]>(contestants.map((c) => [c, []]));
  const searches = new Map<Contestant, RateSearch>();
  const asked = new Map<Contestant, number>();
  const fresh = {
    done: 0,
    asked: (interimsUpTo(freshSeeds)[0] ?? 0) * contestants.length + halvingCost(arms),
  };
  const work = makeWork(question, options);
  const tell = (): void => onProgress?.({ ...count(), ran: work.ran(), best: leader() });
  const count = (): { done: number; expected: number } => {
    const fewest =
      plan.kind === "list"
        ? plan.rates.length * seeds.length
        : 1 + AROUND * seeds.length + (plan.wide === false ? 0 : FAR_RATES);
    const sum = (of: (c: Contestant) => number): number => contestants.reduce((n, c) => n + of(c), 0);
    return {
      done: fresh.done + searches.size + sum((c) => cells.get(c)!.length),
      expected:
        Math.max(fresh.asked, fresh.done) +
        sum((c) => Math.max(fewest, (plan.kind === "list" ? 0 : 1) + (asked.get(c) ?? 0))),
    };
  };
  const leader = (): CompareProgress["best"] => {
    const bests = contestants.flatMap((c) => {
      const best = bestOf(triedRates(cells.get(c)!, seeds));
      return best === null ? [] : [{ label: c.label, lr: best.lr, loss: best.final! }];
    });
    return bests.sort((a, b) => a.loss - b.loss)[0] ?? null;
  };
  const contest = async (c: Contestant): Promise<void> => {
    const own = cells.get(c)!;
    const found = await work.search(c);
    if (found !== null) searches.set(c, found);
    tell();
    for (;;) {
      const rates = nextRates(triedRates(own, seeds), plan, found);
      const jobs = rates
        .flatMap(({ lr, all }) => (all ? seeds : seeds.slice(0, 1)).map((seed) => ({ lr, seed })))
        .filter(({ lr, seed }) => own.every((cell) => cell.optimizer.lr !== lr || cell.seed !== seed));
      asked.set(c, own.length + jobs.length);
      if (jobs.length === 0) return tell();
      // a stage is looked at when it is complete, so that the next one does not depend on who was faster
      const stage = await Promise.all(
        jobs.map(async ({ lr, seed }) => {
          const cell = await work.cell(c, lr, seed);
          own.push(cell);
          tell();
          return cell;
        }),
      );
      own.splice(own.length - stage.length, stage.length, ...stage);
    }
  };
  return nullWhenAborted(signal, async () => {
    await Promise.all(contestants.map(contest));
    const summary = summarize(cells, { seeds, searches, target });
    const length = Math.max(...[...cells.values()].flat().map((c) => c.steps));
    const trainer: Trainer = async (c, lr, k) => {
      const cell = await work.cell(c, lr, seeds.at(-1)! + 1 + k);
      fresh.done++;
      tell();
      return cell;
    };
    const halved = await halveRates(summary, { contestants, max: arms, length, run: trainer });
    const chosen = halved === null ? summary : atHalved(summary, halved);
    const after = halved?.seeds ?? 0;
    const race = await raceToTarget(chosen, {
      contestants,
      max: freshSeeds,
      length,
      favourite: halved?.winner,
      run: (c, lr, k) => trainer(c, lr, after + k),
    });
    return { ...chosen, race, halved };
  });
}

/** A training with the fresh seed of that number. */
type Trainer = (c: Contestant, lr: number, seed: number) => Promise<Cell>;

interface FreshParts {
  readonly contestants: readonly Contestant[];
  readonly max: number;
  /** Steps of a whole training. */
  readonly length: number;
  readonly run: Trainer;
}

/** A rate that takes twice the steps of the quickest with one seed, or leaves half of the way from the start to the least loss, is far behind. */
const FAR = { steps: Math.log(2), loss: 0.5 } as const;

/** Fresh seeds choose between the rates that got to the target and held it; by the final loss where nobody did. */
async function halveRates(
  { target, start, contestants: results }: Summary,
  { contestants, max, length, run }: FreshParts,
): Promise<Halved | null> {
  if (target === null || max < 2) return null;
  const arms = (scoreOf: (rate: RateResult) => number | null): Arm[] =>
    results.flatMap(({ label, rates }) =>
      rates.flatMap((rate) => {
        const score = scoreOf(rate);
        return score === null ? [] : [{ label, lr: rate.lr, score }];
      }),
    );
  const halved = async (
    by: Halved["by"],
    all: readonly Arm[],
    score: (cell: Cell) => number,
  ): Promise<Halved | null> => {
    const train = ({ label, lr }: Arm, k: number): Promise<Cell> =>
      run(contestants.find((c) => c.label === label)!, lr, k);
    const found = await halve(all, { max, far: FAR[by], run: async (arm, k) => score(await train(arm, k)) });
    return found === null ? null : { ...found, by };
  };
  const logOf = (steps: number): number => Math.log(Math.max(1, steps));
  const quick = arms(({ held, toTarget }) => (held ? logOf(toTarget!.steps.mean) : null));
  if (quick.length > 0) return halved("steps", quick, (cell) => logOf(stepsTo(target.loss, cell) ?? length));
  const finals = results.flatMap(({ rates }) => rates.flatMap(({ final }) => final ?? []));
  const [lowest, highest] = [Math.min(...finals), Math.max(start, ...finals)];
  // what is left of the way; all of it for a training that breaks down
  const shareOf = (loss: number): number => (loss - lowest) / (highest - lowest || 1);
  const low = arms(({ final }) => (final === null ? null : shareOf(final)));
  return halved("loss", low, (cell) => Math.min(1, shareOf(finalOf(cell) ?? highest)));
}

/** Each that took part in halving goes to the target at the rate that stayed longest. */
const atHalved = (summary: Summary, { rates: chosen }: Halved): Summary => ({
  ...summary,
  contestants: summary.contestants.map((c) => {
    const rate = c.rates.find((r) => r.lr === chosen.get(c.label));
    return rate === undefined ? c : { ...c, toTarget: rate.toTarget };
  }),
});

interface RaceParts extends FreshParts {
  /** Who is measured against the others; default: who got there first. */
  readonly favourite: string | undefined;
}

/** Who got to the target in the fewest steps, against all others that got there; each at the rate that did. */
async function raceToTarget(
  { target, contestants: results }: Summary,
  { contestants, max, length, favourite, run }: RaceParts,
): Promise<Race | null> {
  if (target === null) return null;
  const there = results
    .filter((r) => r.toTarget !== null)
    .sort(
      (a, b) =>
        Number(b.label === favourite) - Number(a.label === favourite) ||
        a.toTarget!.steps.mean - b.toTarget!.steps.mean,
    );
  const absent = results.filter((r) => r.toTarget === null).map((r) => r.label);
  return race(there, {
    max,
    absent,
    run: async ({ label, toTarget }, k) => {
      const contestant = contestants.find((c) => c.label === label)!;
      const cell = await run(contestant, toTarget!.lr, k);
      const steps = stepsTo(target.loss, cell);
      return { steps, of: length, seconds: cell.seconds * ((steps ?? cell.steps) / cell.steps) };
    },
  });
}

/** Rates of whole trainings, at least: the one that was found and both its neighbours. */
const AROUND = 3;

interface Work {
  readonly cell: (c: Contestant, lr: number, seed: number) => Promise<Cell>;
  /** Null where the rates are listed. */
  readonly search: (c: Contestant) => Promise<RateSearch | null>;
  /** Cells that were run now. */
  readonly ran: () => number;
}

/** Cells and searches: from before, or made now and told. Those that are given up throw. */
function makeWork(
  { run, seeds, plan }: Comparison,
  { runCell, searchRate, known = new Map(), searched = new Map(), onCell, onSearch, signal }: CompareOptions,
): Work {
  let ran = 0;
  return {
    ran: () => ran,
    cell: async (c, lr, seed) => {
      const optimizer = atRate(c, lr);
      const before = known.get(cellKey({ optimizer, seed }));
      if (before !== undefined) return before;
      signal?.throwIfAborted();
      const cell = await runCell({ ...run, optimizer, seed });
      if (cell === null) throw givenUp();
      ran++;
      onCell?.(cell);
      return cell;
    },
    search: async ({ optimizer }) => {
      if (plan.kind === "list") return null;
      if (searchRate === undefined) throw new Error("a comparison that searches for rates needs searchRate");
      const question: RateQuestion = { optimizer, seed: seeds[0]!, budget: plan.budget, bounds: plan.bounds };
      const before = searched.get(searchKey(question));
      if (before !== undefined) return before;
      signal?.throwIfAborted();
      const found = await searchRate(run, question);
      if (found === null) throw givenUp();
      onSearch?.(found);
      return found;
    },
  };
}

const givenUp = (): Error => new Error("a run was given up, but the comparison was not aborted");
