/** Lines after which the loss is back where it began, and no counter goes on: there the program was started again. */
import { mean } from "../../run/mean.ts";
import { isData, type LinePlan } from "./plan.ts";
import type { Order } from "./store.ts";
import type { Template } from "./template.ts";

/** Fewer lines with a loss tell nothing of where they begin anew. */
const ROWS = 20;
/** Lines of a section that show its level. */
const LEVEL = 4;
/** So many sections must have moved, and so large a share of them be followed by one at the first level. */
const SECTIONS = 2;
const SHARE = 0.7;
/** "Back at the beginning": within this share of the way the section had gone. */
const BACK = 0.35;

/** The forms of such lines; none where most lines with a loss count steps, whose falls tell the same. */
export function startForms(
  order: Order,
  templates: ReadonlyMap<number, Template>,
  plans: ReadonlyMap<number, LinePlan>,
): ReadonlySet<number> {
  const starts = new Set<number>();
  const main = [...plans.values()].filter(isData).reduce<LinePlan | null>(longer, null);
  if (!main || main.counters.step >= 0 || main.template.rows < ROWS) return starts;
  const places = new Map<number, number[]>();
  let row = 0;
  for (let i = 0; i < order.length; i++) {
    const id = order.at(i);
    if (id === main.template.id) {
      row++;
      continue;
    }
    const rows = templates.get(id)?.rows ?? 0;
    if (rows < SECTIONS || rows * 2 > main.template.rows || plans.get(id)?.telling) continue;
    const at = places.get(id);
    if (!at) places.set(id, [row]);
    else if (at[at.length - 1] !== row) at.push(row);
  }
  for (const [id, at] of places) if (beginAnew(main, at)) starts.add(id);
  return starts;
}

const longer = (a: LinePlan | null, b: LinePlan): LinePlan =>
  a === null || b.template.rows > a.template.rows ? b : a;

/** Does the loss, at most of these places, leave a section that had moved for the level at which the section began? */
function beginAnew({ template, curves, counters }: LinePlan, places: readonly number[]): boolean {
  const loss = template.columns[curves.find((c) => c.role === "loss")!.column]!;
  const epoch = counters.epoch < 0 ? null : template.columns[counters.epoch]!;
  let moved = 0;
  let back = 0;
  for (const [i, place] of places.entries()) {
    const from = i === 0 ? 0 : places[i - 1]!;
    const to = places[i + 1] ?? template.rows;
    if (place === 0 || place >= template.rows || place - from < 2 * LEVEL) continue;
    if (epoch && epoch.at(place) > epoch.at(place - 1)) continue;
    const [begin, end] = [levelOf(loss, from, from + LEVEL), levelOf(loss, place - LEVEL, place)];
    const next = levelOf(loss, place, Math.min(to, place + LEVEL));
    const way = begin.mean - end.mean;
    if (!(way > 2 * Math.max(begin.spread, end.spread))) continue;
    moved++;
    if (Math.abs(next.mean - begin.mean) < BACK * way) back++;
  }
  return moved >= SECTIONS && back >= SHARE * moved;
}

function levelOf(
  column: { readonly at: (row: number) => number },
  from: number,
  to: number,
): { mean: number; spread: number } {
  const values = Array.from({ length: to - from }, (_, k) => column.at(from + k));
  const level = mean(values);
  return { mean: level, spread: mean(values.map((v) => Math.abs(v - level))) };
}
