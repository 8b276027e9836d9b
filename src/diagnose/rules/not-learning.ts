/** Runs in which nothing is learnt, and runs that are not at their rate yet: both look like rates that are too low. */
import { round, span } from "../context.ts";
import { largest, median } from "../stats.ts";
import { plateauKind } from "./plateau.ts";
import type { Rule } from "./rule.ts";

/** How near the level must be to ln k; for a large k the next one is nearer than that, so only common sizes are meant. */
const NEAR = 0.003;
const CLASSES = [2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 50, 64, 100, 128, 200, 256, 512, 1000, 1024];
const VOCABULARIES = [32_000, 50_257, 50_304, 128_256, 151_936];

export const chanceLevel: Rule = {
  name: "chance-level",
  severity: "warning",
  about: "the loss rests at ln k, that of guessing among k classes, and never leaves it",
  needs: ["finite", "descent"],
  alerts: null,
  absorbs: ["plateau"],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    if (plateauKind(c)?.kind !== "stuck") return [];
    const level = median(c.loss);
    const k = [...CLASSES, ...VOCABULARIES].find((n) => Math.abs(level - Math.log(n)) < NEAR * Math.log(n));
    if (k === undefined) return [];
    return [
      {
        steps: span(c),
        evidence: { level: round(level), classes: k, lnOfClasses: round(Math.log(k)) },
        advice: `The loss stays at ${round(level)}, which is ln ${k}: that of guessing among ${k} classes. Check that labels belong to their inputs, that the parameters are trained (requires_grad, the optimizer's groups), and that the gradient norm is above 0.`,
        alternatives: [
          "a rate that is far too low",
          "a rate so high that the first steps killed the network",
        ],
        decide: "whether the run can learn ten examples by heart",
      },
    ];
  },
};

export const warmupUnfinished: Rule = {
  name: "warmup-unfinished",
  severity: "warning",
  about: "the rate is still rising when the log ends",
  needs: ["finite", "start"],
  alerts: null,
  absorbs: [],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    const lr = c.lr;
    const n = lr?.length ?? 0;
    if (!lr || n < 20 || !lr.every(Number.isFinite)) return [];
    const [first, last] = [lr[0]!, lr[n - 1]!];
    const never = lr.every((v, i) => i === 0 || v >= lr[i - 1]!);
    if (!never || last < largest(lr) || !(last > 2 * first) || !(last > 1.02 * lr[Math.floor(0.9 * n)]!))
      return [];
    return [
      {
        steps: span(c),
        evidence: { firstRate: first, lastRate: last },
        advice:
          "The learning rate has not reached its peak: the run is judged after its warm-up. Let it go on, or shorten the warm-up.",
        alternatives: ["a range test, which raises the rate on purpose (steepest find-lr --curve reads it)"],
        decide: "the schedule's warm-up length and the planned number of steps",
      },
    ];
  },
};
