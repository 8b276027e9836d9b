/** Which rates a comparison trains in whole: those a user lists, or the one that a search finds and what lies around it. */
import { SteepestError } from "../../run/errors.ts";
import type { RateSearch } from "./rate-search.ts";

/** What each optimizer gets: the same list, or a search of the same budget. */
export type RatePlan =
  | { readonly kind: "list" /** Rising. */; readonly rates: readonly number[] }
  | {
      readonly kind: "search";
      /** Trainings that each optimizer's search may cost; null: as `find-lr` takes by itself. */
      readonly budget: number | null;
      /** Rates beyond these are not tried. */
      readonly bounds: readonly [number, number];
      /** Whole trainings look far from the best rate too, for the sensitivity and for other valleys. Default true. */
      readonly wide?: boolean | undefined;
      /** Rates of whole trainings, at most. */
      readonly maxRates?: number | undefined;
    };

/** A rate that was tried. */
export interface Tried {
  readonly lr: number;
  /** The final loss that ranks, a mean over the seeds that were run; null where one diverged. */
  readonly final: number | null;
  /** The same of the first seed. */
  readonly first: number | null;
  /** Every seed was run, not the first alone. */
  readonly complete: boolean;
}

/** A rate to try, with every seed or with the first alone. */
export interface ToTry {
  readonly lr: number;
  readonly all: boolean;
}

export const DEFAULT_BOUNDS = "1e-7:1000";
/** Factor between neighbours. */
export const STEP = 2;
/** Where one seed looks for another valley, up and down from the best, and how many rates that makes. */
const FAR = [4, 16] as const;
export const FAR_RATES: number = 2 * FAR.length;
const MAX_RATES = 32;

type SearchPlan = Extract<RatePlan, { readonly kind: "search" }>;

/** A search within the default bounds; `budget` counts trainings of each search. */
export const searchPlan = ({ budget }: { budget: number }): SearchPlan => ({
  kind: "search",
  budget,
  bounds: range(DEFAULT_BOUNDS),
});

/**
 * `1e-4:1` is a range: the search tries no rates beyond it. `0.001,0.01,0.1` is a list, and exactly that is tried.
 * `budget` counts trainings of each search. Throws `usage`.
 */
export function ratePlan({
  rates = DEFAULT_BOUNDS,
  budget,
}: {
  rates?: string | undefined;
  budget?: number | undefined;
} = {}): RatePlan {
  if (rates.includes(":")) return { kind: "search", budget: budget ?? null, bounds: range(rates) };
  if (budget !== undefined) {
    throw usage(
      "--budget is for a search, but --rates lists the rates",
      "leave one of them out, or give a range: --rates 1e-4:1",
    );
  }
  const list = [...new Set(rates.split(",").map(positive))].sort((a, b) => a - b);
  if (list.length < 2) throw tooFew(rates);
  return { kind: "list", rates: list };
}

/**
 * The rates to train in whole next, given those that were; empty when the best is known. A list is tried as it is. Else, with
 * every seed: the rate that the search found, half and twice of it; then further, until the best lies between two others, or
 * downwards until one is stable. Then the first seed at 4 and 16 times the best and at its 4th and 16th part: where that is
 * lower than the best's first seed, the others follow.
 */
export function nextRates(tried: readonly Tried[], plan: RatePlan, found: RateSearch | null): ToTry[] {
  if (plan.kind === "list") return tried.length === 0 ? plan.rates.map((lr) => ({ lr, all: true })) : [];
  if (found === null) return [];
  const left = Math.max(0, (plan.maxRates ?? MAX_RATES) - tried.length);
  return wantedRates(tried, plan, found).slice(0, left);
}

function wantedRates(
  tried: readonly Tried[],
  { bounds, wide = true }: SearchPlan,
  found: RateSearch,
): ToTry[] {
  const [lowest, highest] = bounds;
  const done = (lr: number, all: boolean): boolean =>
    tried.some((t) => Math.abs(Math.log2(t.lr / lr)) < 0.1 && (t.complete || !all));
  const fresh = (rates: readonly number[], all = true): ToTry[] =>
    [...new Set(rates.map((lr) => Math.min(highest, Math.max(lowest, round(lr)))))].flatMap((lr) => {
      // a rate that was tried with one seed keeps its digits
      const same = tried.find((t) => Math.abs(Math.log2(t.lr / lr)) < 0.1);
      return done(lr, all) ? [] : [{ lr: same?.lr ?? lr, all }];
    });
  if (!found.alive) return tried.length === 0 ? fresh([found.rate]) : [];
  if (tried.length === 0) return fresh([found.rate / STEP, found.rate, STEP * found.rate]);
  const known = tried.filter((t) => t.complete).sort((a, b) => a.lr - b.lr);
  const best = bestOf(tried);
  if (best === null) return fresh([known[0]!.lr / STEP]);
  const around = fresh([best.lr / STEP, STEP * best.lr]);
  if (around.length > 0) return around;
  if (!wide) return [];
  const far = fresh(
    FAR.flatMap((factor) => [best.lr / factor, factor * best.lr]),
    false,
  );
  if (far.length > 0) return far;
  const lower = tried.filter((t) => !t.complete && t.first !== null && t.first < best.first!);
  return lower.map(({ lr }) => ({ lr, all: true }));
}

/** The complete rate with the least loss; the lower rate where two are equal. */
export function bestOf<T extends Pick<Tried, "final" | "complete">>(tried: readonly T[]): T | null {
  return tried.reduce<T | null>(
    (best, t) => (t.complete && t.final !== null && (best === null || t.final < best.final!) ? t : best),
    null,
  );
}

/** Three significant digits: a rate that can be typed. */
const round = (lr: number): number => Number(lr.toPrecision(3));

function positive(word: string): number {
  const value = Number(word);
  if (word.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw usage(
    `--rates has ${JSON.stringify(word.trim())}`,
    "a learning rate is a positive number, e.g. 0.01 or 1e-3",
  );
}

function range(text: string): [number, number] {
  const ends = text.split(":");
  if (ends.length !== 2) throw usage(`--rates ${text} is no range`, "write low:high, e.g. 1e-4:1");
  const [low, high] = ends.map(positive) as [number, number];
  if (low === high) throw tooFew(text);
  if (low < high) return [low, high];
  throw usage(`--rates ${text} runs backwards`, `write ${high}:${low}`);
}

const tooFew = (rates: string): SteepestError =>
  usage(
    `--rates ${rates} is one rate only`,
    "give at least two: at one rate a comparison shows which optimizer that rate suits, not which is better",
  );

const usage = (what: string, help: string): SteepestError => new SteepestError("usage", what, { help });
