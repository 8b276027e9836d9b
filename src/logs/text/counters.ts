/** Which numbers of a line count: the step, the epoch, and whether one starts again with the other. */
import type { Behaviour } from "./behaviour.ts";
import type { Slot } from "./labels.ts";
import type { Template } from "./template.ts";
import type { SlotMeaning } from "./words.ts";

export interface Counters {
  /** Slots; -1 without one. */
  readonly step: number;
  readonly epoch: number;
  /** The step starts again where the epoch advances. */
  readonly nested: boolean;
}

export interface Judged {
  readonly slot: Slot;
  readonly name: string;
  readonly meaning: SlotMeaning;
  readonly behaviour: Behaviour;
  /** Points for being a counter; null when it can't be one. */
  counts: number | null;
}

const ACCEPT_NAMED = 1.4;
const ACCEPT_NAMELESS = 2.2;
/** A word that is not known, over a number that rises by equal steps throughout, beside other numbers. */
const ACCEPT_UNKNOWN = 2;

/** How much speaks for a slot being a counter; null when something excludes it. */
export function counterScore(
  { slot, name, meaning, behaviour: b }: Omit<Judged, "counts">,
  template: Template,
): number | null {
  if (slot.aside || slot.isTotal || !b.integer || b.min < 0) return null;
  if (slot.unit !== "" && !/^[kKM]$/.test(slot.unit) && slot.unit !== slot.label) return null;
  if (template.pieces[slot.piece + 1]?.text === "%") return null;
  const text = template.pieces[slot.piece]!.text.slice(0, -slot.unit.length || undefined);
  if (/[.eE]/.test(text) && !/^\d+\.0+$|e\+/i.test(text)) return null;
  const named = meaning.role === "step" || meaning.role === "epoch";
  let score = 0;
  if (named) score += 3;
  else if (name.length > 1 && meaning.role === "other") score -= 1;
  else if (name !== "" && meaning.role !== "other") return null;
  const beyond = slot.total >= 0 && b.max > template.columns[slot.total]!.at(template.rows - 1);
  if (beyond && !named) return null;
  if (slot.total >= 0 && !beyond) {
    score += 2;
    if (b.constant && b.n > 1 && b.min === template.columns[slot.total]!.at(0)) score += 1.5;
  }
  if (slot.bracketed) score += 1.5;
  if (b.n >= 2 && b.rising >= 0.97 && !b.constant) score += b.n >= 3 ? 2 : 1;
  else if (b.n >= 4 && b.falls > 0 && b.falls * 3 < b.n && b.even > 0.8) score += 1.5;
  if (b.n >= 4 && b.even > 0.9) score += 1;
  if (b.n >= 4 && b.constant) score -= 1.5;
  return score;
}

export function chooseCounters(
  judged: readonly Judged[],
  template: Template,
  wanted: string | undefined,
): Counters {
  if (wanted !== undefined) {
    const named = judged.find((j) => j.name === wanted || j.name.toLowerCase() === wanted.toLowerCase());
    if (named)
      return {
        step: named.slot.index,
        epoch: pick(judged.filter((j) => j !== named && j.meaning.role === "epoch")),
        nested: false,
      };
  }
  const hasEpoch = judged.some((j) => j.meaning.role === "epoch" && j.counts !== null);
  const alone = judged.filter((j) => !j.slot.isTotal && !j.slot.aside).length < 2;
  const usable = judged.filter((j) => {
    if (j.counts === null) return false;
    const isNamed = j.meaning.role === "step" || j.meaning.role === "epoch";
    return (
      j.counts >= (isNamed ? ACCEPT_NAMED : ACCEPT_NAMELESS) ||
      (!alone &&
        j.counts >= ACCEPT_UNKNOWN &&
        j.behaviour.n >= 8 &&
        j.behaviour.even > 0.9 &&
        j.behaviour.stays < 0.5) ||
      (j.name === "" &&
        ((j.slot.bracketed && !(j.behaviour.constant && j.behaviour.n > 3)) ||
          (j.slot.total >= 0 && j.counts >= (hasEpoch ? 0.4 : 1.9)))) ||
      (isNamed && j.behaviour.n < 4)
    );
  });
  // "[000500/50000] … batch 16": what never moves is a size, where another number counts
  const moving = usable.some((j) => j.meaning.role === "other" && j.counts! >= 3 && !j.behaviour.constant);
  const steps = usable
    .filter((j) => j.meaning.role === "step" && !(moving && j.behaviour.constant && j.behaviour.n > 3))
    .sort((a, b) => a.meaning.rank - b.meaning.rank);
  const epochs = usable
    .filter((j) => j.meaning.role === "epoch")
    .sort((a, b) => a.meaning.rank - b.meaning.rank);
  const nameless = usable
    .filter((j) => j.meaning.role !== "step" && j.meaning.role !== "epoch")
    .sort((a, b) => b.counts! - a.counts!);
  let epoch = epochs[0];
  let step = steps[0];
  if (step && !epoch) {
    const outer = [...steps.slice(1), ...nameless].find((o) => restartsWith(step!, o, template));
    const inner = outer
      ? undefined
      : [...steps.slice(1), ...nameless].find((i) => i.slot.total >= 0 && restartsWith(i, step!, template));
    if (outer) epoch = outer;
    else if (inner) [epoch, step] = [step, inner];
  }
  if (!step) {
    const inner = epoch
      ? nameless.find(
          (j) => j.slot.total >= 0 || j.slot.bracketed || restartsWith(j, epoch!, template) || j.counts! >= 3,
        )
      : undefined;
    if (epoch) step = inner;
    else {
      const brackets = nameless.filter((j) => j.slot.bracketed && j.slot.total < 0);
      if (brackets.length === 2)
        [epoch, step] = brackets.sort((a, b) => a.slot.index - b.slot.index) as [Judged, Judged];
      else step = nameless[0];
      if (step && !epoch) {
        const chosen = step;
        const outer = nameless.find((o) => o !== chosen && restartsWith(chosen, o, template));
        if (outer) epoch = outer;
      }
    }
  }
  // the outer of two n/N, without names
  if (step && !epoch && step.behaviour.falls === 0) {
    const outer = step;
    const inner = nameless.find((o) => o !== outer && restartsWith(o, outer, template));
    if (inner) [epoch, step] = [outer, inner];
  }
  if (
    step &&
    epoch &&
    step.slot.total < 0 &&
    step.behaviour.constant &&
    step.behaviour.n > 2 &&
    !epoch.behaviour.constant
  )
    step = undefined;
  const nested =
    step !== undefined &&
    epoch !== undefined &&
    (restartsWith(step, epoch, template) || runsInside(step, epoch));
  return { step: step?.slot.index ?? -1, epoch: epoch?.slot.index ?? -1, nested };
}

function pick(of: readonly Judged[]): number {
  return of[0]?.slot.index ?? -1;
}

/** One epoch's whole length is seen, or it is complete on every line (Keras). */
function runsInside(step: Judged, epoch: Judged): boolean {
  return step.slot.total >= 0 && step.behaviour.constant && step.behaviour.n > 1 && !epoch.behaviour.constant;
}

/** `inner` falls (nearly) only where `outer` rises, and does fall. */
function restartsWith(inner: Judged, outer: Judged, template: Template): boolean {
  if (inner === outer || inner.behaviour.falls === 0) return false;
  const a = template.columns[outer.slot.index]!;
  const b = template.columns[inner.slot.index]!;
  let falls = 0;
  let together = 0;
  let moves = 0;
  for (let i = 1; i < Math.min(a.length, 20_000); i++) {
    const moved = a.at(i) !== a.at(i - 1);
    if (moved) moves++;
    if (!(b.at(i) < b.at(i - 1))) continue;
    falls++;
    if (moved) together++;
  }
  return falls > 0 && together >= 0.9 * falls && moves <= 1.25 * falls + 1;
}
