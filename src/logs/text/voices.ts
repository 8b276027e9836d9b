/**
 * Several trainings in one log, told apart by a name before their counter: "LSTM Epoch 1: loss 4.1" beside
 * "Transformer Epoch 1: loss 3.6", "Run: moons_fold_2 | Epoch 1", or by the number of a fold or a model anywhere in
 * the line, side by side or one after another.
 */

import { isData, type LinePlan } from "./plan.ts";
import { heldWord } from "./slots.ts";
import type { Order } from "./store.ts";
import { NUMBER, OPAQUE, WORD } from "./tokens.ts";
import { isCounterWord, LEVELS } from "./words.ts";

export interface Voice {
  readonly name: string;
  /** Places of its lines in the log. */
  readonly lines: readonly number[];
}

const MAX_VOICES = 300;
/** A number behind one of these tells trainings apart; behind any other word it may be anything. */
export const NUMBERED: RegExp =
  /^(?:fold|run|trial|seed|model|client|split|member|experiment|exp|cv|net|learner|config)$/i;
/** Parts of one training that print a loss each. */
const PARTS =
  /(?:^|_)(?:g|d|gen\w*|dis\w*|actor|critic|policy|value|teacher|student|encoder|decoder|source|target|step|batch|iter\w*)(?:_|$)/i;

interface Head {
  /** Words and punctuation, and columns of its numbers. */
  readonly words: readonly string[];
  readonly columns: readonly number[];
  readonly tail: string;
}

interface Rows {
  readonly counts: number[];
  readonly losses: number[];
  readonly first: number;
}

/** Null where the log holds one training, or none that a name tells from the next. `rowOf`: each line's row in its form's columns. */
export function voicesOf(
  order: Order,
  rowOf: Uint32Array,
  plans: ReadonlyMap<number, LinePlan>,
): Voice[] | null {
  const heads = headsOf([...plans.values()].filter(isData));
  const all = [...heads.values()];
  const names = new Set(all.map((h) => h.words.join(" ")));
  // one name without a number tells nothing apart
  if (names.size === 0 || (names.size === 1 && all.every((h) => h.columns.length === 0))) return null;
  const rows = new Map<string, Rows>();
  const voices = new Int32Array(order.length).fill(-1);
  const keys: string[] = [];
  for (let i = 0; i < order.length; i++) {
    const id = order.at(i);
    const head = heads.get(id);
    if (!head) continue;
    const row = rowOf[i]!;
    const plan = plans.get(id)!;
    const { columns } = plan.template;
    const key = [...head.words, ...head.columns.map((c) => columns[c]!.at(row))].join(" ");
    let known = rows.get(key);
    if (!known) {
      if (rows.size >= MAX_VOICES) return null;
      rows.set(key, (known = { counts: [], losses: [], first: keys.length }));
      keys.push(key);
    }
    known.counts.push(columns[outer(plan)]!.at(row));
    known.losses.push(columns[plan.curves.find((c) => c.role === "loss")!.column]!.at(row));
    voices[i] = known.first;
  }
  return areApart([...rows.values()]) ? grouped(voices, namesOf(keys)) : null;
}

/** Of the largest group of forms that are equal from their counter on: what stands before it. */
function headsOf(plans: readonly LinePlan[]): Map<number, Head> {
  const groups = new Map<string, Map<number, Head>>();
  for (const plan of plans) {
    const head = headOf(plan);
    if (!head) continue;
    const group = groups.get(head.tail) ?? new Map<number, Head>();
    groups.set(head.tail, group.set(plan.template.id, head));
  }
  const byId = new Map(plans.map((p) => [p.template.id, p.template.rows]));
  const size = (group: Map<number, Head>): number =>
    [...group.keys()].reduce((n, id) => n + byId.get(id)!, 0);
  return [...groups.values()].reduce((a, b) => (size(b) > size(a) ? b : a), new Map<number, Head>());
}

function outer({ counters: { step, epoch } }: LinePlan): number {
  return step < 0 ? epoch : epoch < 0 ? step : Math.min(step, epoch);
}

function headOf(plan: LinePlan): Head | null {
  const { pieces } = plan.template;
  const counter = outer(plan);
  if (counter < 0) return null;
  let word = plan.judged[counter]!.slot.piece - 1;
  while (word >= 0 && pieces[word]!.kind !== WORD && pieces[word]!.kind !== NUMBER) word--;
  if (word < 1 || pieces[word]!.kind !== WORD || !isCounterWord(pieces[word]!.text)) return numbered(plan);
  const words: string[] = [];
  const columns: number[] = [];
  for (const [k, piece] of pieces.slice(0, word).entries()) {
    if (piece.kind === OPAQUE) continue;
    if (piece.kind === WORD) {
      if (LEVELS.has(piece.text.toLowerCase())) continue;
      if (heldWord(piece.text) !== null || PARTS.test(piece.text)) return null;
      words.push(piece.text);
    } else if (piece.kind === NUMBER) {
      const before = pieces.slice(0, k).findLast((p) => p.kind === WORD);
      if (!before || !NUMBERED.test(before.text)) return null;
      const slot = plan.judged.find((j) => j.slot.piece === k)!.slot;
      if (!slot.isTotal) columns.push(slot.index);
    }
  }
  return words.length === 0 ? numbered(plan) : { words, columns, tail: tailOf(plan, word) };
}

/** "Epoch 3, fold 2: loss 0.4": no name before the counter, and a number that tells trainings apart. */
function numbered(plan: LinePlan): Head | null {
  const found = plan.judged.find(
    ({ slot, name, behaviour: b }) =>
      NUMBERED.test(name.split(/[\s_/]/).at(-1)!) &&
      slot.index !== plan.counters.step &&
      slot.index !== plan.counters.epoch &&
      !slot.isTotal &&
      b.integer &&
      !b.constant &&
      b.min >= 0,
  );
  return found ? { words: [found.name], columns: [found.slot.index], tail: tailOf(plan, 0) } : null;
}

/** The line from this piece on, whatever its numbers, and what is read in it. */
function tailOf({ template, curves }: LinePlan, from: number): string {
  const pieces = template.pieces
    .slice(from)
    .map((p) => (p.kind === NUMBER ? "0" : p.kind === OPAQUE ? "" : p.text));
  return `${pieces.join(" ")}|${curves.map((c) => c.name).join("|")}`;
}

/** Each counts from the same beginning on, never or seldom back, and they do not print the same losses. */
function areApart(all: readonly Rows[]): boolean {
  if (all.length < 2) return false;
  const first = Math.min(...all.map((r) => r.counts[0]!));
  const begin = all.filter((r) => r.counts[0] === first).length;
  const counting = all.filter((r) => new Set(r.counts).size >= 2);
  const falls = (r: Rows): number => r.counts.filter((c, i) => i > 0 && c < r.counts[i - 1]!).length;
  if (begin < 0.8 * all.length || counting.length < 2) return false;
  if (counting.some((r) => falls(r) * 5 > r.counts.length)) return false;
  const [a, b] = [...counting].sort((x, y) => y.counts.length - x.counts.length) as [Rows, Rows];
  const losses = new Map(a.counts.map((c, i) => [c, a.losses[i]!]));
  const common = b.counts.map((c, i) => [losses.get(c), b.losses[i]!]).filter(([x]) => x !== undefined);
  const same = common.filter(([x, y]) => Object.is(x, y)).length;
  return common.length >= 2 && same * 2 < common.length;
}

/** Without the words that all begin with, but "fold 2" is no mere 2. */
function namesOf(keys: readonly string[]): string[] {
  const words = keys.map((key) => key.split(" "));
  let from = 0;
  const goesOn = (w: readonly string[]): boolean =>
    w.length > from + 1 && w[from] === words[0]![from] && !/^\d+$/.test(w[from + 1]!);
  while (words.every(goesOn)) from++;
  return words.map((w) => w.slice(from).join(" "));
}

/** A line without a name belongs to the one before it; what stands above all belongs to the first. */
function grouped(voices: Int32Array, names: readonly string[]): Voice[] {
  const lines: number[][] = names.map(() => []);
  let last = 0;
  for (const [i, voice] of voices.entries()) {
    if (voice >= 0) last = voice;
    lines[last]!.push(i);
  }
  return names.map((name, i) => ({ name, lines: lines[i]! }));
}
