/** A number of a line: it takes the name that stands before it, or belongs to a number before it. */
import {
  boxedTotal,
  COUNTED_UNIT,
  countedBehind,
  isBracketed,
  isInFront,
  isLineNumber,
  isNumbered,
  lrOfGroup,
  splitCounter,
  startsRange,
} from "./patterns.ts";
import { between, type Group, heldWord, type Scan, type Slot } from "./slots.ts";
import { NUMBER, PUNCT } from "./tokens.ts";
import { isCounterWord, slotMeaning } from "./words.ts";

/** What links a name to the words before it: "and the validation loss". */
const LINKS =
  /^(?:and|with|und|mit|et|avec|y|con|e|и)\s+(?:(?:the|an?|der|die|das|le|la|el|los|las|il|o)\s+)?(?=\S)/iu;

/** The place of the last piece that was read with it. */
export function readNumber(scan: Scan, k: number): number {
  const { pieces, slots } = scan;
  const piece = pieces[k]!;
  const slot: Slot = {
    index: slots.length,
    piece: k,
    label: "",
    unit: piece.unit,
    held: scan.held,
    aside: false,
    total: -1,
    isTotal: false,
    bracketed: isBracketed(pieces, k, scan.words.length) || isNumbered(pieces, k),
    afterHeld: false,
    meanOf: -1,
    after: "",
  };
  slots.push(slot);
  const range = startsRange(pieces, k);
  if (range || (k === 0 && isLineNumber(pieces)) || isInFront(pieces, k)) {
    slot.aside = true;
    if (!range) scan.group = null;
    return range ? k + 1 : k; // with the dash
  }
  nameSlot(scan, slot);
  if (COUNTED_UNIT.test(piece.unit) && !isCounterWord(slot.label)) slot.label = piece.unit;
  const counted = countedBehind(pieces, k, slot.label);
  if (counted) {
    slot.label = counted.label;
    if (counted.rest !== "") scan.group = restOf(counted.rest, pieces[k + 1]!.end);
  }
  scan.listSlot = scan.square > 0;
  scan.last = slot;
  scan.lastEnd = piece.end;
  return counted ? k + 1 : k;
}

const restOf = (text: string, end: number): Group => ({
  text,
  start: end - text.length,
  end,
  words: 1,
  assigned: false,
  held: heldWord(text),
});

function nameSlot(scan: Scan, slot: Slot): void {
  const { pieces, group, last, pendingMetric } = scan;
  const k = slot.piece;
  if (last && isTotal(scan, slot)) {
    slot.isTotal = true;
    last.total = slot.index;
    slot.held = last.held;
    scan.group = null;
  } else if (standsAside(scan, k)) {
    slot.aside = true;
    slot.meanOf = meanOf(scan, slot);
    scan.group = null;
  } else if (group && countsPhase(scan, slot, group)) {
    slot.held = scan.held = group.held; // "Test: [10/79]": a counter of the test, whose losses follow
    scan.group = null;
  } else if (group) {
    takeName(scan, slot, group);
    scan.group = null;
  } else if (pendingMetric !== "" && last) {
    slot.label = pendingMetric;
    if (!last.isTotal) slot.held = heldWord(pendingMetric) ?? scan.held;
    scan.pendingMetric = "";
  } else if (scan.square > 0 && scan.listSlot && pieces[k - 1]?.text === "," && !slot.bracketed) {
    slot.aside = true;
  }
}

/** `n/N`, "n of N". */
function isTotal(scan: Scan, { index, piece: k, unit }: Slot): boolean {
  const { pieces, last, lastEnd } = scan;
  const previous = pieces[k - 1];
  if (
    previous?.kind === PUNCT &&
    ((previous.text === "/" && pieces[k - 2]?.kind === NUMBER) || boxedTotal(pieces, k))
  )
    return true;
  return (
    last?.index === index - 1 &&
    /^\s*(?:of|out of|von|sur|de|di|из)\s*$/i.test(between(scan, lastEnd, pieces[k]!)) &&
    unit === ""
  );
}

/** In brackets behind a number, without a name of its own. */
function standsAside(scan: Scan, k: number): boolean {
  const { round, asideFrom, group, pieces, slots } = scan;
  // "loss 0.5, lr 1e-3 (step 10, epoch 3)"
  if (group && slots.length > 1 && isCounterWord(group.text)) return false;
  const named = group?.assigned && group.words > 0 && !/[*+]/.test(between(scan, group.end, pieces[k]!));
  return round > 0 && asideFrom > 0 && round >= asideFrom && !named;
}

/** `2.3 (2.4)`: the number before the brackets, whose mean it is; -1. */
function meanOf({ pieces, slots, group }: Scan, { index, piece: k, unit }: Slot): number {
  const parent = slots[index - 1];
  const alone = group === null && pieces[k - 1]?.text === "(" && pieces[k + 1]?.text === ")" && unit === "";
  return parent && alone && !parent.isTotal ? parent.index : -1;
}

function countsPhase({ pieces }: Scan, slot: Slot, group: Group): boolean {
  const k = slot.piece;
  const counts = (pieces[k + 1]?.text === "/" && pieces[k + 2]?.kind === NUMBER) || slot.bracketed;
  return group.words === 1 && isPhaseWord(group.text) && counts;
}

function takeName(scan: Scan, slot: Slot, group: Group): void {
  const { scopes, metricHeld } = scan;
  slot.label = [...scopes, group.text.replace(LINKS, "")].join("/");
  slot.held = group.held ?? scan.held;
  for (const scope of scopes) slot.held = heldWord(scope) ?? slot.held;
  if (group.assigned) scan.assigned = true;
  const split = splitCounter(slot.label);
  if (split) {
    scan.pendingMetric = split.metric;
    slot.label = split.counter;
  } else if (lrOfGroup(slot.label)) {
    scan.pendingMetric = "learning rate";
    slot.label = "";
    slot.aside = true;
  } else if (!isCounterWord(slot.label)) scan.pendingMetric = ""; // "Loss at epoch 3 and iteration 500 is 0.2"
  const { role } = slotMeaning(slot.label);
  slot.afterHeld = role === "loss" && slot.held === null && metricHeld === true;
  if (role === "accuracy" && slot.held === null) slot.held = metricHeld;
  else if (group.held !== null && group.words > 1) scan.metricHeld = group.held;
  if ((role === "step" || role === "epoch" || role === "other") && group.held !== null)
    scan.held = group.held;
  if (/^(?:after|at|nach|tras|apres|après|after about)$/i.test(slot.label)) slot.label = "";
}

/** "Test", "validation": where a measurement is made, not which. */
function isPhaseWord(word: string): boolean {
  if (heldWord(word) === null) return false;
  return slotMeaning(word).role === "other" || /^(?:val|valid|validation|eval|test|dev)$/i.test(word);
}
