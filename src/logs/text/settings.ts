/** Lines that say what was asked for, not what happened: options, a configuration, facts about the data. */
import { NO_COUNTERS } from "./counters.ts";
import { type Curve, isFractionalEpoch } from "./curves.ts";
import { hasManyPairs, type LinePlan } from "./plan.ts";

/** From this rank on a name is a loss by one of its words alone. */
const GUESSED = 140;

/** A command line, a setting or the program's own text, printed once: what was asked for, not what happened. */
export function dropSettings(plans: readonly LinePlan[]): void {
  const isCurve = (c: Curve): boolean =>
    /^(?:loss|validation|accuracy|validationAccuracy|perplexity|score)$/.test(c.role);
  const counted = (p: LinePlan): boolean =>
    p.counters.step >= 0 || p.counters.epoch >= 0 || p.curves.some(isFractionalEpoch);
  const data = plans.filter((p) => p.curves.some(isCurve));
  const main = data.reduce((a, b) => (b.template.rows > a.template.rows ? b : a), data[0]!);
  if (!main) return;
  const single = data.reduce((n, p) => n + p.template.rows, 0) === 1;
  const none = single ? !counted(main) : !plans.some(counted);
  const guessed = (p: LinePlan): boolean => p.curves.filter(isCurve).every((c) => c.rank >= GUESSED);
  // in a long text a measurement or two are words of it
  const all = plans.reduce((n, p) => n + p.template.rows, 0);
  const stray =
    all > 200 && (main.template.rows < 2 || (main.template.rows < 4 && main.template.rows * 100 < all));
  if (main.template.rows < 3 || stray)
    for (const plan of data)
      if (none || (stray ? !counted(plan) || guessed(plan) : !counted(plan) && guessed(plan)))
        plan.telling = false;
  if (main.template.rows < 3) return;
  const names = new Set(main.curves.map((c) => c.name));
  for (const plan of plans) {
    const few = plan.template.rows * 5 < main.template.rows;
    const options = hasManyPairs(plan) && !plan.curves.some(isCurve);
    if (few && (options || isPreamble(plan, main))) {
      plan.telling = false;
      plan.counters = NO_COUNTERS;
      continue;
    }
    const before = plan.template.first < main.template.first;
    if (plan.template.rows > 1 || plan.summary || (plan.curves.some(isCurve) && !before)) continue;
    if (counted(plan) === counted(main) && plan.curves.some((c) => isCurve(c) && names.has(c.name))) continue;
    plan.telling = false;
    if (plan.phase === null) plan.counters = NO_COUNTERS;
  }
}

/** All of it above the data, and whole numbers alone: what a configuration lists. */
function isPreamble(plan: LinePlan, main: LinePlan): boolean {
  return (
    plan.template.last < main.template.first &&
    plan.judged.every((j) => j.behaviour.integer || j.slot.aside) &&
    plan.curves.length > 0
  );
}
