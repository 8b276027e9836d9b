/** Which numbers of a line count: the step, the epoch, and whether one starts again with the other. */
import type { Behaviour } from "./behaviour.ts";
import type { Slot } from "./slots.ts";
import type { Template } from "./template.ts";
import type { SlotMeaning } from "./words.ts";

export interface Counters {
  /** Slots; -1 without one. */
  readonly step: number;
  readonly epoch: number;
  /** The step starts again where the epoch advances. */
  readonly nested: boolean;
}

/** Of a line on which nothing counts. */
export const NO_COUNTERS: Counters = { step: -1, epoch: -1, nested: false };

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

/** Both counters while they are chosen. */
interface Pair {
  readonly step: Judged | undefined;
  readonly epoch: Judged | undefined;
}

const isStep = (j: Judged): boolean => j.meaning.role === "step";
const isEpoch = (j: Judged): boolean => j.meaning.role === "epoch";
const isNamed = (j: Judged): boolean => isStep(j) || isEpoch(j);
const byRank = (a: Judged, b: Judged): number => a.meaning.rank - b.meaning.rank;

/** `wanted`: the reader's own name of the step. */
export function chooseCounters(
  judged: readonly Judged[],
  template: Template,
  wanted: string | undefined,
): Counters {
  const own = judged.find((j) => j.name === wanted || j.name.toLowerCase() === wanted?.toLowerCase());
  if (own) {
    const epoch = judged.find((j) => j !== own && isEpoch(j));
    return { step: own.slot.index, epoch: epoch?.slot.index ?? -1, nested: false };
  }
  const pair = withoutSize(choosePair(usableOf(judged), template));
  const { step, epoch } = countsEpochs(pair, judged) ? { step: undefined, epoch: pair.step } : pair;
  const nested =
    step !== undefined &&
    epoch !== undefined &&
    (restartsWith(step, epoch, template) || runsInside(step, epoch));
  return { step: step?.slot.index ?? -1, epoch: epoch?.slot.index ?? -1, nested };
}

/** The numbers for which enough speaks. */
function usableOf(judged: readonly Judged[]): Judged[] {
  const hasEpoch = judged.some((j) => isEpoch(j) && j.counts !== null);
  const alone = judged.filter((j) => !j.slot.isTotal && !j.slot.aside).length < 2;
  return judged.filter((j) => {
    const { counts, behaviour: b, slot } = j;
    if (counts === null) return false;
    if (counts >= (isNamed(j) ? ACCEPT_NAMED : ACCEPT_NAMELESS) || (isNamed(j) && b.n < 4)) return true;
    if (!alone && counts >= ACCEPT_UNKNOWN && b.n >= 8 && b.even > 0.9 && b.stays < 0.5) return true;
    if (j.name !== "") return false;
    return (
      (slot.bracketed && !(b.constant && b.n > 3)) || (slot.total >= 0 && counts >= (hasEpoch ? 0.4 : 1.9))
    );
  });
}

function choosePair(usable: readonly Judged[], template: Template): Pair {
  // "[000500/50000] … batch 16": what never moves is a size, where another number counts
  const moving = usable.some((j) => j.meaning.role === "other" && j.counts! >= 3 && !j.behaviour.constant);
  const isSize = ({ behaviour }: Judged): boolean => moving && behaviour.constant && behaviour.n > 3;
  const [first, ...steps] = usable.filter((j) => isStep(j) && !isSize(j)).sort(byRank);
  const [epoch] = usable.filter(isEpoch).sort(byRank);
  const nameless = usable.filter((j) => !isNamed(j)).sort((a, b) => b.counts! - a.counts!);
  let pair: Pair;
  if (first) pair = epoch ? { step: first, epoch } : partnerOf(first, [...steps, ...nameless], template);
  else if (epoch) {
    const within = (j: Judged): boolean =>
      j.slot.total >= 0 || j.slot.bracketed || restartsWith(j, epoch, template) || j.counts! >= 3;
    pair = { step: nameless.find(within), epoch };
  } else pair = namelessPair(nameless, template);
  if (!pair.step || pair.epoch || pair.step.behaviour.falls > 0) return pair;
  // the outer of two n/N, without names
  const outer = pair.step;
  const inner = nameless.find((o) => restartsWith(o, outer, template));
  return inner ? { step: inner, epoch: outer } : pair;
}

/** A step and the number that it starts again with, or that starts again with it. */
function partnerOf(step: Judged, others: readonly Judged[], template: Template): Pair {
  const outer = others.find((o) => restartsWith(step, o, template));
  if (outer) return { step, epoch: outer };
  const inner = others.find((i) => i.slot.total >= 0 && restartsWith(i, step, template));
  return inner ? { step: inner, epoch: step } : { step, epoch: undefined };
}

/** `[1, 2000]`: two in brackets; else what counts best, and what it starts again with. */
function namelessPair(nameless: readonly Judged[], template: Template): Pair {
  const brackets = nameless.filter((j) => j.slot.bracketed && j.slot.total < 0);
  if (brackets.length === 2) {
    const [epoch, step] = brackets.sort((a, b) => a.slot.index - b.slot.index);
    return { step, epoch };
  }
  const step = nameless[0];
  return { step, epoch: step && nameless.find((o) => restartsWith(step, o, template)) };
}

/** A step that never moves beside an epoch that does is no step. */
function withoutSize({ step, epoch }: Pair): Pair {
  const size =
    step &&
    epoch &&
    step.slot.total < 0 &&
    step.behaviour.constant &&
    step.behaviour.n > 2 &&
    !epoch.behaviour.constant;
  return size ? { step: undefined, epoch } : { step, epoch };
}

/** `[3/12] Train: 0.91 | Val: 1.02`: what has no name and rises by one from evaluation to evaluation counts epochs. */
function countsEpochs({ step, epoch }: Pair, judged: readonly Judged[]): boolean {
  if (!step || epoch || step.name !== "" || step.slot.total < 0) return false;
  const { falls, n, min, max } = step.behaviour;
  const byOne = Math.abs((max - min + 1) * (falls + 1) - n) <= 0.1 * n;
  return byOne && judged.some((j) => j.meaning.role === "validation");
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
