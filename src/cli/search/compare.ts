/** Settings of somebody's program side by side, each at its own best rate, over seeds. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { SteepestError } from "../../run/errors.ts";
import { nullWhenAborted } from "../../run/long-work.ts";
import { meanOf, t95 } from "../../tune/compare/student-t.ts";
import { catchInterrupt } from "../interrupt.ts";
import { type Blanks, mentions } from "../program/template.ts";
import { createProgramTrials } from "../program/trials.ts";
import { type BarView, createBar } from "../progress.ts";
import { type Prepared, SEEDS, searchProgram } from "./find.ts";
import { documentOf, outcomeOf, type ProgramFindLr } from "./report.ts";

/** One setting at its best rate. */
export interface Contestant {
  readonly set: Blanks;
  readonly search: ProgramFindLr;
  /** Score of whole trainings at the best rate, one for each seed; empty where no rate was found. */
  readonly losses: readonly (number | null)[];
  readonly mean: number | null;
  /** Half width of the 95 % interval of the mean; null for one seed. */
  readonly half: number | null;
}

export interface ProgramComparison {
  readonly schema: "steepest.compare-programs/1";
  /** The best first. */
  readonly contestants: readonly Contestant[];
  /** The best against the second, seed by seed. */
  readonly lead: Lead | null;
  readonly folder: string;
}

export interface Lead {
  /** Mean of the differences of equal seeds, and half of its 95 % interval. */
  readonly difference: number;
  readonly half: number;
  /** The interval does not reach 0. */
  readonly beyondNoise: boolean;
}

/** Every combination of `name=a,b` flags. @throws SteepestError */
export function combinations(flags: readonly string[], { template }: Prepared): Blanks[] {
  let all: Record<string, string>[] = [{}];
  for (const flag of flags) {
    const [, name, values] = /^(\w+)=(.+)$/s.exec(flag) ?? [];
    if (name === undefined || values === undefined) {
      throw new SteepestError("usage", `--set ${flag} is no setting`, {
        help: "write name=value,value, for example --set optimizer=sgd,adamw",
      });
    }
    if (!mentions(template, name)) {
      throw new SteepestError("usage", `the command does not name {${name}}`, {
        help: `write {${name}} where the value belongs`,
      });
    }
    all = all.flatMap((before) => values.split(",").map((value) => ({ ...before, [name]: value.trim() })));
  }
  if (all.length > 1) return all;
  throw new SteepestError("usage", "there is nothing to compare", {
    help: "give two values at least: --set optimizer=sgd,adamw",
  });
}

/** "optimizer=sgd, momentum=0.9" */
export const settingWords = (set: Blanks): string =>
  Object.entries(set)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");

/** Null when interrupted. */
export async function comparePrograms(
  prepared: Prepared,
  sets: readonly Blanks[],
): Promise<ProgramComparison | null> {
  const { folder, options } = prepared;
  const interrupt = catchInterrupt();
  const bar = createBar({ terminal: options.terminal, quiet: options.quiet, total: 1 });
  try {
    return await nullWhenAborted(interrupt.signal, async () => {
      const contestants: Contestant[] = [];
      for (const set of sets) {
        if (!options.quiet) bar.note(settingWords(set));
        contestants.push(await contestant(prepared, set, { bar, signal: interrupt.signal }));
      }
      contestants.sort((a, b) => (a.mean ?? Number.POSITIVE_INFINITY) - (b.mean ?? Number.POSITIVE_INFINITY));
      return { schema: "steepest.compare-programs/1", contestants, lead: leadOf(contestants), folder };
    });
  } finally {
    bar.stop();
    interrupt.release();
  }
}

async function contestant(
  prepared: Prepared,
  set: Blanks,
  { bar, signal }: { bar: BarView; signal: AbortSignal },
): Promise<Contestant> {
  const root = join(prepared.folder, settingWords(set).replace(/[^\w.=,-]+/g, "_"));
  mkdirSync(root, { recursive: true });
  const search = documentOf(outcomeOf(await searchProgram(prepared, { root, signal, bar, blanks: set })));
  const losses =
    search.suggestion === null
      ? []
      : await wholeTrainings(prepared, set, { root, signal, rate: search.suggestion });
  const finite = losses.filter((x) => x !== null);
  const mean = finite.length < losses.length ? null : meanOf(finite);
  return {
    set,
    search,
    losses,
    mean: mean?.mean ?? null,
    half: mean?.se == null ? null : mean.se * t95(mean.n - 1),
  };
}

/** The best rate to the end, with every seed; what the search has run to the end is taken from its record. */
async function wholeTrainings(
  { trials: settings, options: { seed = 0, seeds = SEEDS } }: Prepared,
  blanks: Blanks,
  { root, signal, rate }: { root: string; signal: AbortSignal; rate: number },
): Promise<(number | null)[]> {
  const trials = await createProgramTrials({ ...settings, root, signal, blanks }, { rate, seed });
  try {
    const runs = Array.from({ length: seeds }, (_, k) => trials.start(rate, seed + k));
    await Promise.all(runs.map((run) => (run.ended ? undefined : run.advance(trials.length))));
    signal.throwIfAborted();
    const scores = runs.map((run) => run.scoreAt(trials.length));
    return scores.map((x) => (Number.isFinite(x) ? x : null));
  } finally {
    await trials.close();
  }
}

/** Between the two best, by pairs of seeds. Null where there are not two pairs. */
function leadOf([a, b]: readonly Contestant[]): Lead | null {
  if (a === undefined || b === undefined || a.mean === null || b.mean === null) return null;
  const pairs = a.losses.map((x, k) => (b.losses[k] ?? Number.NaN) - x!).filter(Number.isFinite);
  const m = meanOf(pairs);
  if (m === null || m.se === null) return null;
  const half = m.se * t95(m.n - 1);
  return { difference: m.mean, half, beyondNoise: m.mean > half };
}
