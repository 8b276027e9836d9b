/** Programs that wrote into one file at once: what each prints at its start stands there so often before the first loss. */
import { CUT } from "../doubts.ts";
import { isData, type LinePlan } from "./plan.ts";
import type { Template } from "./template.ts";

/** So many different lines are a program's greeting. */
const LINES = 5;

/** In words, or null. Where the losses are counted, ranks of one training may greet alike, and the counts tell the rest. */
export function writersAtOnce(templates: Iterable<Template>, plans: readonly LinePlan[]): string | null {
  const main = plans.filter(isData).reduce<LinePlan | null>(longer, null);
  if (!main || main.counters.step >= 0 || main.counters.epoch >= 0) return null;
  const lines = new Map<number, number>();
  for (const { rows, last } of templates)
    if (last < main.template.first) lines.set(rows, (lines.get(rows) ?? 0) + 1);
  const once = lines.get(1) ?? 0;
  lines.delete(1);
  const [times, forms] = [...lines].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0]);
  // a program that lists its options once has some lines alike
  return forms >= LINES && forms >= once
    ? `${forms} lines above the first loss stand there ${times} times each, as where ${times} programs write into one file; ${CUT}`
    : null;
}

const longer = (a: LinePlan | null, b: LinePlan): LinePlan =>
  a === null || b.template.rows > a.template.rows ? b : a;
