/**
 * A line's pieces → its slots: for each number the words that name it, from the left up to a delimiter, from the
 * counter before it ("Loss at step 5: 2.1"), or from the right ("2.1 loss").
 */
import { readNumber } from "./label-numbers.ts";
import { readSign } from "./label-signs.ts";
import { readWord } from "./label-words.ts";
import { alternates } from "./patterns.ts";
import { dropGroup, heldWord, type Scan, type Slot } from "./slots.ts";
import type { Piece } from "./template.ts";
import { NUMBER, OPAQUE, WORD } from "./tokens.ts";

export interface Labelled {
  readonly slots: Slot[];
  /** What the line's words say when no number follows them. */
  readonly held: boolean | null;
  /** Every word of the line. */
  readonly words: string[];
  readonly assigned: boolean;
}

export function labelSlots(line: string, pieces: readonly Piece[]): Labelled {
  const scan: Scan = {
    line,
    pieces,
    slots: [],
    words: [],
    comma: cellPairs(pieces),
    scopes: [],
    group: null,
    held: null,
    metricHeld: null,
    pendingMetric: "",
    last: null,
    lastEnd: -9,
    assigned: false,
    round: 0,
    asideFrom: 0,
    square: 0,
    listSlot: false,
  };
  for (let k = 0; k < pieces.length; k++) {
    const { kind } = pieces[k]!;
    if (kind === WORD) readWord(scan, k);
    else if (kind === NUMBER) k = readNumber(scan, k);
    else if (kind === OPAQUE) {
      dropGroup(scan);
      scan.last = null;
    } else k = readSign(scan, k);
  }
  dropGroup(scan);
  const { slots, held, words, assigned } = scan;
  labelFromTheRight(line, pieces, slots);
  labelFromTheCell(line, pieces, slots);
  return { slots, held, words, assigned };
}

/** "total loss, 0.57, curr loss, 0.56": names and numbers in turn, with commas between. */
function cellPairs(pieces: readonly Piece[]): boolean {
  let pairs = 0;
  for (let k = 1; k + 1 < pieces.length; k++) {
    if (pieces[k]!.text !== "," || pieces[k + 1]!.kind !== NUMBER || pieces[k - 1]!.kind !== WORD) continue;
    const behind = pieces[k + 2];
    if (behind?.kind === WORD) return false;
    if (behind === undefined || behind.text === "," || behind.text === "(") pairs++;
  }
  return pairs >= 2;
}

/** Numbers before their names: "2.1 loss, 0.5 acc", "5 step 2.1 loss". */
function labelFromTheRight(line: string, pieces: readonly Piece[], slots: Slot[]): void {
  const first = slots[0];
  if (first && slots.length >= 2 && first.label === "" && alternates(pieces, first.piece)) {
    for (const slot of slots) {
      const word = pieces[slot.piece + 1];
      if (word?.kind === WORD) slot.label = word.text;
    }
    return;
  }
  for (const slot of slots) {
    if (slot.label !== "" || slot.isTotal || slot.aside || slot.after === "") continue;
    const next = pieces[slot.piece + 1];
    if (next?.kind === WORD && line.slice(pieces[slot.piece]!.end, next.start).length <= 1)
      slot.label = slot.after;
  }
}

/** "Step 100: train loss |  2.3": the one number without a name, behind a name and a stroke, at the end. */
function nameBeforePipe(line: string, pieces: readonly Piece[], slot: Slot): void {
  const pipe = slot.piece - 1;
  if (slot.piece !== pieces.length - 1 || pieces[pipe]?.text !== "|") return;
  let from = pipe;
  while (pieces[from - 1]?.kind === WORD) from--;
  if (from === pipe || from === 0) return;
  slot.label = line.slice(pieces[from]!.start, pieces[pipe - 1]!.end).replace(/\s+/g, " ");
  for (const word of slot.label.split(" ")) slot.held = heldWord(word) ?? slot.held;
}

/** `| loss | 2.1 |`: a drawn table of names and values. */
function labelFromTheCell(line: string, pieces: readonly Piece[], slots: readonly Slot[]): void {
  const free = slots.filter((s) => s.label === "" && !s.aside && !s.isTotal);
  const only = free[0];
  if (free.length !== 1 || !only) return;
  nameBeforePipe(line, pieces, only);
  if (slots.length !== 1 || only.label !== "") return;
  const cell = /^\s*[|│┃]\s*([^|│┃]*[^|│┃\s])\s*[|│┃]\s*$/.exec(
    line.slice(0, pieces[only.piece]!.start),
  )?.[1];
  if (cell !== undefined) only.label = cell;
}
