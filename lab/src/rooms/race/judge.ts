/** Who arrived, in which order, and why the others did not: every number comes from the paths. */
import { type Evaluator, type Minimum, symmetricEigenvalues, type Verdict } from "steepest/surface";
import { show } from "../../lib/numbers.ts";
import { type Packed, termOf } from "./pack.ts";
import { stillFalls } from "./still-falls.ts";

export interface Runner {
  readonly name: string;
  readonly lr: number;
  readonly packed: Packed;
  readonly verdict: Verdict;
  /** The largest rate that is stable at a curvature; null where it depends on more than that. */
  readonly limit: ((curvature: number) => number) | null;
}

export interface Finish {
  readonly tone: "good" | "info" | "warning" | "critical";
  readonly title: string;
  /** Places in the list of runners, the winner first. */
  readonly order: readonly number[];
  /** One sentence for each runner, in their own order. */
  readonly reasons: readonly string[];
}

interface Setting {
  readonly evaluate: Evaluator;
  readonly variables: readonly string[];
  readonly domain: readonly (readonly [number, number])[];
}

const ranks = { converged: 0, going: 1, saddle: 2, flat: 3, undefined: 4, diverged: 5 } as const;

export function judge(runners: readonly Runner[], setting: Setting): Finish {
  const order = runners.map((_, i) => i).sort((a, b) => compare(runners[a]!, runners[b]!));
  const reasons = runners.map((r) => reason(r, setting));
  const [first, second] = [runners[order[0]!], runners[order[1]!]];
  if (first === undefined) return { tone: "info", title: "Nobody is at the start", order, reasons };
  return { ...headline(first, second, runners), order, reasons };
}

function headline(
  first: Runner,
  second: Runner | undefined,
  runners: readonly Runner[],
): Pick<Finish, "tone" | "title"> {
  const { outcome, step, minimum } = first.verdict;
  if (outcome === "converged") {
    const title = `${first.name} ${first.verdict.text} first, in ${count(step!)}`;
    const rival = second?.verdict;
    if (rival?.outcome !== "converged") {
      return { tone: "good", title: runners.length > 1 ? `${title}; nobody else arrived` : title };
    }
    if (!sameHeight(minimum!, rival.minimum!))
      return { tone: "good", title: `${title}; ${second!.name} ended higher` };
    if (rival.step === step) return { tone: "good", title: `${title}, level with ${second!.name}` };
    return { tone: "good", title: `${title}; ${second!.name} needed ${rival.step}` };
  }
  const steps = Math.max(...runners.map((r) => r.packed.made));
  if (outcome !== "going")
    return {
      tone: "critical",
      title: `Nobody arrived: ${first.name} ${first.verdict.text.replace(/^stuck/, "is stuck")}`,
    };
  const left = first.packed.distances.at(-1)!;
  const { losses } = first.packed;
  if (Number.isNaN(left) && stillFalls(losses)) {
    const lowest = `${first.name} is lowest, at ${show(losses.at(-1))}`;
    return {
      tone: "info",
      title: `No minimum to arrive at so far: the function still falls. ${lowest} after ${steps} steps`,
    };
  }
  const how = Number.isNaN(left) ? `is lowest, at ${show(losses.at(-1))}` : `is ahead, ${show(left, 3)} away`;
  return { tone: "warning", title: `Nobody arrived in ${steps} steps; ${first.name} ${how}` };
}

const count = (steps: number): string => `${steps} step${steps === 1 ? "" : "s"}`;

const sameHeight = (a: Minimum, b: Minimum): boolean =>
  Math.abs(a.value - b.value) <= 1e-6 * Math.max(1, Math.abs(a.value), Math.abs(b.value));

function compare(a: Runner, b: Runner): number {
  const [va, vb] = [a.verdict, b.verdict];
  if (va.outcome !== vb.outcome) return ranks[va.outcome] - ranks[vb.outcome];
  if (va.outcome === "converged") {
    return sameHeight(va.minimum!, vb.minimum!) ? va.step! - vb.step! : va.minimum!.value - vb.minimum!.value;
  }
  if (va.outcome === "going") return a.packed.losses.at(-1)! - b.packed.losses.at(-1)!;
  return b.packed.made - a.packed.made;
}

function reason(runner: Runner, setting: Setting): string {
  const { outcome, step, text } = runner.verdict;
  const said = text.charAt(0).toUpperCase() + text.slice(1);
  if (outcome === "converged") return `${said} in ${count(step!)}. ${pace(runner, setting, step!)}`;
  if (outcome === "diverged") return `${said}: ${whyDiverged(runner, setting)}`;
  if (outcome === "saddle")
    return `${said}: ${curvatures(runner, setting)} Only noise, or a start beside it, gets away.`;
  if (outcome === "going") return `${said}${farewell(runner)} ${pace(runner, setting, runner.packed.made)}`;
  return `${said}.`;
}

/** What a unit of slope was worth along each coordinate: where optimizers differ most. */
function pace({ packed }: Runner, { variables }: Setting, until: number): string {
  const effective = termOf(packed, "|Δ/g|");
  if (effective === undefined) return "";
  const medians = variables.map((_, i) => {
    const all: number[] = [];
    for (let k = 0; k < Math.min(until, packed.made); k++) all.push(effective.values[2 * k + i]!);
    return median(all.filter(Number.isFinite));
  });
  const [a, b] = medians as [number, number];
  if (!(a > 0 && b > 0)) return "";
  if (Math.abs(a / b - 1) < 0.01) return `A unit of slope moved it ${show(a, 2)}, whichever way it faced.`;
  return `A unit of slope moved it ${show(a, 2)} along ${variables[0]} and ${show(b, 2)} along ${variables[1]} (medians).`;
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function whyDiverged({ packed, lr, limit }: Runner, setting: Setting): string {
  if (packed.losses.at(-1)! < packed.losses[0]!) return "the function falls without end that way.";
  const steepest = steepestMet(packed, setting);
  if (limit === null || !(steepest > 0)) return "its steps grew from one to the next.";
  const max = limit(steepest);
  const met = `the steepest curvature it met in the picture is ${show(steepest, 3)}`;
  return lr > max
    ? `${met}, which bears rates up to ${show(max, 2)}, and its rate is ${show(lr, 3)}.`
    : `${met}; its rate ${show(lr, 3)} is within the ${show(max, 2)} that bears, but it was thrown to steeper ground outside.`;
}

/** Largest curvature among the first places inside the picture. */
function steepestMet({ points, made }: Packed, { evaluate, domain }: Setting): number {
  let max = 0;
  for (let k = 0; k <= Math.min(made, 60); k++) {
    const at = [points[2 * k]!, points[2 * k + 1]!];
    if (!domain.every(([low, high], i) => at[i]! >= low && at[i]! <= high)) break;
    max = Math.max(max, ...symmetricEigenvalues(evaluate.hessian(at), 2).map(Math.abs));
  }
  return max;
}

function curvatures({ packed: { points } }: Runner, { evaluate }: Setting): string {
  const [low, high] = symmetricEigenvalues(evaluate.hessian(points.slice(-2)), 2);
  return `the slope is all but zero there, and the ground curves by ${show(low, 2)} one way and ${show(high, 2)} the other.`;
}

function farewell({ packed: { distances, points, made } }: Runner): string {
  const left = distances.at(-1)!;
  if (Number.isNaN(left) || made === 0) return ".";
  const [x, y, ax, ay] = points.slice(-4);
  const last = Math.hypot(ax! - x!, ay! - y!);
  return `, ${show(left, 2)} from the nearest minimum; its last step was ${show(last, 2)} long.`;
}
