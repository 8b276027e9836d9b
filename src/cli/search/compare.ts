/** Settings of somebody's program side by side, each at its own best rate, over seeds. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { SteepestError } from "../../run/errors.ts";
import { nullWhenAborted } from "../../run/long-work.ts";
import { type Arrival, type Race, race } from "../../tune/compare/race.ts";
import { meanOf, t95 } from "../../tune/compare/student-t.ts";
import { roundUp, type Target } from "../../tune/compare/summary.ts";
import type { Purpose } from "../../tune/find-lr/run-trials.ts";
import { catchInterrupt } from "../interrupt.ts";
import { judgedCourse, stepsToScore } from "../program/curve.ts";
import { type Blanks, mentions } from "../program/template.ts";
import { createProgramTrials, type ProgramTrials } from "../program/trials.ts";
import { createBar } from "../progress.ts";
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
  /** What all are compared by. */
  readonly for: Purpose;
  /** The best first. */
  readonly contestants: readonly Contestant[];
  /** The best against the second, seed by seed. */
  readonly lead: Lead | null;
  /** The loss that they race to; null where no rate trains. */
  readonly target: Target | null;
  /** What fresh seeds say of the way there. */
  readonly race: Race | null;
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
      const { signal } = interrupt;
      const searches: { set: Blanks; root: string; search: ProgramFindLr }[] = [];
      for (const set of sets) {
        if (!options.quiet) bar.note(settingWords(set));
        const root = rootOf(prepared, set);
        mkdirSync(root, { recursive: true });
        const found = await searchProgram(prepared, { root, signal, bar, blanks: set });
        searches.push({ set, root, search: documentOf(outcomeOf(found)) });
      }
      // all by one loss: that of held-out rows where it tells something of every setting
      const judgedBy = searches.every(({ search }) => search.for === "validation")
        ? "validation"
        : "training";
      const contestants: Contestant[] = [];
      for (const one of searches) contestants.push(await contestant(prepared, one, { judgedBy, signal }));
      contestants.sort((a, b) => (a.mean ?? Number.POSITIVE_INFINITY) - (b.mean ?? Number.POSITIVE_INFINITY));
      const target = targetOf(contestants, options.target);
      const judged =
        target === null ? null : await raceTo(prepared, { contestants, target, judgedBy, signal });
      const schema = "steepest.compare-programs/1";
      return { schema, for: judgedBy, contestants, lead: leadOf(contestants), target, race: judged, folder };
    });
  } finally {
    bar.stop();
    interrupt.release();
  }
}

interface Judging {
  readonly judgedBy: Purpose;
  readonly signal: AbortSignal;
}

async function contestant(
  prepared: Prepared,
  { set, root, search }: { set: Blanks; root: string; search: ProgramFindLr },
  parts: Judging,
): Promise<Contestant> {
  const losses =
    search.suggestion === null
      ? []
      : await wholeTrainings(prepared, set, { root, rate: search.suggestion, ...parts });
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

/** The folder of one setting's search. */
export const rootOf = ({ folder }: Prepared, set: Blanks): string =>
  join(folder, settingWords(set).replace(/[^\w.=,-]+/g, "_"));

/** The best rate to the end, with every seed; what the search has run to the end is taken from its record. */
async function wholeTrainings(
  { trials: settings, options: { seed = 0, seeds = SEEDS } }: Prepared,
  blanks: Blanks,
  { root, rate, ...judging }: { root: string; rate: number } & Judging,
): Promise<(number | null)[]> {
  const trials = await createProgramTrials({ ...settings, root, blanks, ...judging }, { rate, seed });
  try {
    const runs = Array.from({ length: seeds }, (_, k) => trials.start(rate, seed + k));
    await Promise.all(runs.map((run) => (run.ended ? undefined : run.advance(trials.length))));
    judging.signal.throwIfAborted();
    const scores = runs.map((run) => run.scoreAt(trials.length));
    return scores.map((x) => (Number.isFinite(x) ? x : null));
  } finally {
    await trials.close();
  }
}

/** Given, what the best reaches, or what all do that get half as far: at their best rates, with every seed. */
function targetOf(contestants: readonly Contestant[], asked: number | "best" | undefined): Target | null {
  if (typeof asked === "number") return { loss: asked, by: "given", chosen: false };
  const alive = contestants.filter((c) => c.mean !== null);
  const [best] = alive;
  if (best === undefined) return null;
  const start = best.search.start ?? Number.POSITIVE_INFINITY;
  const good = asked === "best" ? [best] : alive.filter((c) => start - c.mean! >= (start - best.mean!) / 2);
  const reached = Math.max(...good.flatMap((c) => c.losses as readonly number[]));
  return { loss: roundUp(reached), by: asked ?? "common", chosen: true };
}

interface RaceParts extends Judging {
  readonly contestants: readonly Contestant[];
  readonly target: Target;
}

/** Fresh seeds judge, each setting at its best rate; the favourite is who got there first with the seeds before. */
async function raceTo(
  prepared: Prepared,
  { contestants, target: { loss }, judgedBy, signal }: RaceParts,
): Promise<Race | null> {
  const { seed = 0, seeds = SEEDS, freshSeeds = 0 } = prepared.options;
  const numbers = (from: number, count: number): number[] =>
    Array.from({ length: count }, (_, k) => from + k);
  const arrive = async (c: Contestant, asked: readonly number[]): Promise<Arrival[]> => {
    const rate = c.search.suggestion!;
    const settings = { ...prepared.trials, root: rootOf(prepared, c.set), judgedBy, signal, blanks: c.set };
    const trials = await createProgramTrials(settings, { rate, seed });
    try {
      return await Promise.all(asked.map((s) => arrival(trials, { rate, seed: s, loss })));
    } finally {
      await trials.close();
    }
  };
  const entrants: { label: string; contestant: Contestant; steps: number }[] = [];
  const absent: string[] = [];
  for (const contestant of contestants) {
    const label = settingWords(contestant.set);
    const before = contestant.mean === null ? [] : await arrive(contestant, numbers(seed, seeds));
    const steps = before.map((a) => a.steps ?? Number.POSITIVE_INFINITY).reduce((a, b) => a + b, 0);
    if (before.length > 0 && Number.isFinite(steps)) entrants.push({ label, contestant, steps });
    else absent.push(label);
  }
  entrants.sort((a, b) => a.steps - b.steps);
  return race(entrants, {
    max: freshSeeds,
    absent,
    run: async ({ contestant }, k) => {
      const [one] = await arrive(contestant, [seed + seeds + k]);
      signal.throwIfAborted();
      return one!;
    },
  });
}

async function arrival(
  trials: ProgramTrials,
  { rate, seed, loss }: { rate: number; seed: number; loss: number },
): Promise<Arrival> {
  const run = trials.start(rate, seed);
  if (!run.ended) await run.advance(trials.length);
  const { trial } = trials.all().find((t) => t.rate === rate && t.seed === seed)!;
  const course = judgedCourse(trial.curve(), trials.by(trials.length));
  const steps = stepsToScore(course, trials.scale, loss);
  const ran = trial.seconds();
  const made = Math.max(run.steps, trials.scale.interval);
  return { steps, of: trials.length, seconds: ran === null ? null : ran * ((steps ?? made) / made) };
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
