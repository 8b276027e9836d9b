/** A run that goes on without what the optimizer had learnt of the gradient. */
import { type Context, round } from "../context.ts";
import { boundaryNear } from "../segment.ts";
import { madSigma, median, runningMedian } from "../stats.ts";
import type { Rule } from "./rule.ts";

/** Log points looked at before and after a jump. */
const BEFORE = 30;
const AFTER = 5;
/** Points that the way back takes at least, and the share of the run that it takes at most. */
const SLOW = 12;
const LONGEST = 0.4;

interface Jump {
  readonly at: number;
  /** First point back at the earlier level; null when the log ends before. */
  readonly back: number | null;
  readonly rise: number;
}

const HALF = BEFORE / 2;

/** Medians of every stretch that a jump is judged by: the points before each, and those from each on. */
interface Medians {
  readonly before: Float64Array;
  readonly after: (at: number) => number;
}

function mediansOf(log: Float64Array): Medians {
  const around = runningMedian(log, AFTER);
  return {
    before: runningMedian(log, HALF, { trailing: true }),
    after: (at) => around[at + (AFTER >> 1)]!,
  };
}

/** The straight line through the last points before `at`: its level one point on, and their scatter about it, when asked. */
function courseBefore(
  log: Float64Array,
  { before }: Medians,
  at: number,
): { level: number; sigma: () => number } {
  const [a, b] = [before[at - HALF]!, before[at]!];
  const line = (i: number): number => a + ((b - a) * (i - (at - BEFORE + HALF / 2))) / HALF;
  const off = (): Float64Array => log.subarray(at - BEFORE, at).map((v, k) => v - line(at - BEFORE + k));
  return { level: Math.min(line(at), b), sigma: () => Math.max(madSigma(off()), 1e-3) };
}

/** A rise from one point to the next that is highest at once and then goes back over many points. */
function jumpAt(c: Context, medians: Medians, at: number): Jump | null {
  const { log } = c;
  const n = log.length;
  const course = courseBefore(log, medians, at);
  const { level } = course;
  const first = medians.after(at);
  const rise = first - level;
  // at most points the rise alone says no
  if (!(rise > Math.log(1.1))) return null;
  const sigma = course.sigma();
  if (!(rise > 4 * sigma)) return null;
  // the point before is still on the old course: an instability grows over several
  if (Math.abs(log[at - 1]! - level) > 3 * sigma || log[at]! - level < 3 * sigma) return null;
  const middle = median(log.subarray(at + AFTER, at + 2 * AFTER));
  if (middle > first + 2 * sigma) return null;
  let back: number | null = null;
  for (let i = at + AFTER; back === null && i + AFTER <= n; i++)
    if (median(log.subarray(i, i + AFTER)) <= level + 0.15 * rise) back = i;
  const until = back ?? n;
  if (until - at < SLOW || until - at > LONGEST * n) return null;
  // a log that ends on its way has to be more than half way
  return back !== null || median(log.subarray(n - AFTER)) < level + 0.5 * rise ? { at, back, rise } : null;
}

/** Checkpoints are written at round steps; one step in 25 is as round by chance, and the one after it. */
function afterCheckpoint(c: Context, at: number): boolean {
  if (c.run.log.stepUnit !== "step") return false;
  const stride = c.steps[at]! - c.steps[at - 1]!;
  const left = c.steps[at]! % Math.max(50, 25 * stride);
  return left === 0 || left === 1;
}

export const optimizerStateLost: Rule = {
  name: "optimizer-state-lost",
  severity: "warning",
  about:
    "the loss jumps from one point to the next at an unchanged rate and comes back slowly, as after a resume without the optimizer's state",
  needs: ["finite", "descent"],
  alerts: null,
  absorbs: ["loss-spike"],
  notTheRate: true,
  direction: "not-higher",
  detect(c) {
    const n = c.log.length;
    const jumps: Jump[] = [];
    const medians = mediansOf(c.log);
    for (let at = Math.max(BEFORE, Math.ceil(n / 10)); at < n - SLOW; at++) {
      const jump = jumpAt(c, medians, at);
      if (!jump) continue;
      jumps.push(jump);
      at = (jump.back ?? n) + AFTER;
    }
    // what comes again is the rate's or the data's doing
    const [jump] = jumps;
    if (!jump || jumps.length > 1) return [];
    const place = c.position[jump.at]!;
    if (boundaryNear(c.boundaries, place, 3, ["epoch", "lr-change", "new-series"])) return [];
    const resumed = boundaryNear(c.boundaries, place, 3, ["restart"]) !== null;
    // from the curve alone it could be any instability that passes: the place has to speak for a resume
    if (!resumed && !afterCheckpoint(c, jump.at)) return [];
    const gained = c.loss[jump.at - 1]!;
    if (!(median(c.loss.subarray(jump.at, jump.at + AFTER)) - gained > 0.02 * c.drop)) return [];
    const step = c.steps[jump.at]!;
    return [
      {
        steps: [step, c.steps[jump.back ?? n - 1]!],
        evidence: {
          atStep: step,
          lossRise: round(Math.expm1(jump.rise), 3),
          pointsToReturn: jump.back === null ? null : jump.back - jump.at,
          resumedThere: resumed,
        },
        advice: `At step ${step} the loss jumps by ${Math.round(100 * Math.expm1(jump.rise))} % while the rate stays, and it takes ${jump.back === null ? "longer than the log" : `${jump.back - jump.at} points`} to come back. If the run was resumed there, the optimizer's moments were not in the checkpoint: save and load optimizer.state_dict() too, or warm the rate up again after each resume.`,
        alternatives: ["a change of the data", "a bad batch at a rate near the edge of stability"],
        decide: "whether the run was resumed at this step, and what its checkpoint holds",
      },
    ];
  },
};
