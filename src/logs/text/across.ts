/** Steps that go on over the epochs: "step 150/396" behind "Epoch 1/3 done", where another training begins at 50/936. */
import { isData, type LinePlan } from "./plan.ts";
import type { Order } from "./store.ts";

/** The forms of lines whose n/N rises over the end of an epoch more often than it begins again there. */
export function countsAcross(
  order: Order,
  rowOf: Uint32Array,
  plans: ReadonlyMap<number, LinePlan>,
): ReadonlySet<number> {
  const all = [...plans.values()];
  const counts = new Map(all.filter(isOwnCount).map((p) => [p.template.id, { last: Number.NaN, over: 0 }]));
  const epochs = all.filter((p) => p.counters.epoch >= 0 && p.counters.step < 0 && p.template.rows > 1);
  if (counts.size === 0 || epochs.length === 0) return new Set();
  const naming = new Set(epochs.map((p) => p.template.id));
  let epoch = Number.NaN;
  let passed = false;
  /** A count that began again; whether in the same training, the next epoch tells. */
  let fallen: { over: number } | null = null;
  for (let i = 0; i < order.length; i++) {
    const id = order.at(i);
    const count = counts.get(id);
    if (count === undefined && !naming.has(id)) continue;
    const { template, counters } = plans.get(id)!;
    const here = template.columns[count ? counters.step : counters.epoch]!.at(rowOf[i]!);
    if (!count) {
      if (fallen && here > epoch) fallen.over--;
      if (here !== epoch) fallen = null;
      passed ||= here !== epoch;
      epoch = here;
      continue;
    }
    if (passed && here > count.last) count.over++;
    if (here < count.last) fallen = count;
    count.last = here;
    passed = false;
  }
  return new Set([...counts].filter(([, { over }]) => over > 0).map(([id]) => id));
}

const isOwnCount = (plan: LinePlan): boolean =>
  isData(plan) && plan.stepTotal >= 0 && plan.counters.epoch < 0;
