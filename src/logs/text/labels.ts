/**
 * A line's pieces → its slots: for each number the words that name it, from the left up to a delimiter, from the
 * counter before it ("Loss at step 5: 2.1"), or from the right ("2.1 loss").
 */
import { speaksOfTraining, speaksOfValidation } from "../columns.ts";
import {
  alternates,
  boxedTotal,
  COUNTED_UNIT,
  countedBehind,
  isBracketed,
  isLineNumber,
  isNumbered,
  lrOfGroup,
  splitCounter,
  startsRange,
} from "./patterns.ts";
import type { Piece } from "./template.ts";
import { NUMBER, OPAQUE, PUNCT, WORD } from "./tokens.ts";
import { FILLERS, isCounterWord, isMetric, LEVELS, slotMeaning } from "./words.ts";

export interface Slot {
  /** Which number of the line. */
  readonly index: number;
  readonly piece: number;
  label: string;
  readonly unit: string;
  /** The words before it, its own included, say held-out data (true) or training (false). */
  held: boolean | null;
  /** In brackets behind another number, or a further number of a list. */
  aside: boolean;
  /** `n/N`: which slot holds the N; -1 without one. */
  total: number;
  /** It is the N of an earlier slot. */
  isTotal: boolean;
  /** Alone in square brackets at the beginning: `[1000]`, `[1, 2000]`. */
  bracketed: boolean;
  /** It says nothing of its data, and follows a measurement that was made on held-out data. */
  afterHeld: boolean;
  /** Running mean of the slot before: `2.3 (2.4)`. */
  meanOf: number;
  after: string;
}

export interface Labelled {
  readonly slots: Slot[];
  /** What the line's words say when no number follows them. */
  readonly held: boolean | null;
  /** Every word of the line. */
  readonly words: string[];
  readonly assigned: boolean;
}

interface Group {
  text: string;
  start: number;
  end: number;
  words: number;
  assigned: boolean;
  held: boolean | null;
}

const MAX_WORDS = 7;

/** What one word says about held-out data: true, false (training), null (nothing). */
export function heldWord(word: string): boolean | null {
  if (speaksOfValidation(word)) return !/epoch_?eval$/.test(word);
  return speaksOfTraining(word) && !/^(?:learn|fit)$/i.test(word) ? false : null;
}

export function labelSlots(line: string, pieces: readonly Piece[]): Labelled {
  const slots: Slot[] = [];
  const words: string[] = [];
  let group: Group | null = null;
  let held: boolean | null = null;
  // "val loss 2.1 acc 0.5": the accuracy is of the same data
  let metricHeld: boolean | null = null;
  let pendingMetric = "";
  let last: Slot | null = null;
  let lastEnd = -9;
  let assignedAny = false;
  const scopes: string[] = [];
  let round = 0;
  let asideFrom = 0;
  let square = 0;
  let listSlot = false;
  const comma = cellPairs(pieces);

  const drop = (): void => {
    if (!group) return;
    if (group.held !== null) held = group.held;
    if (last && last.after === "" && group.start - lastEnd <= 1 && !group.assigned) last.after = group.text;
    group = null;
  };

  for (let k = 0; k < pieces.length; k++) {
    const piece = pieces[k]!;
    const gap = (from: number): string => line.slice(from, piece.start);
    if (piece.kind === WORD) {
      const lower = piece.text.toLowerCase();
      words.push(lower);
      const logger =
        pieces[k - 1]?.text === ":" &&
        LEVELS.has(pieces[k - 2]?.text.toLowerCase() ?? "") &&
        pieces[k + 1]?.text === ":" &&
        !isCounterWord(piece.text);
      const level = LEVELS.has(lower) && (lower !== "error" || piece.text === "ERROR");
      if (level || logger) {
        drop();
        continue;
      }
      if (
        FILLERS.has(lower) &&
        !(pieces[k + 1]?.text === "=" && pieces[k + 1]!.start === piece.end) &&
        (group === null ||
          k + 1 >= pieces.length ||
          pieces[k + 1]!.kind === NUMBER ||
          FILLERS.has(pieces[k + 1]!.text.toLowerCase()))
      ) {
        if (group) (group as Group).assigned = true;
        continue;
      }
      const g: Group | null = group;
      const adjoins =
        g !== null && !(g as Group).assigned && /^ ?['"`]?$|^['"`] $/.test(gap((g as Group).end));
      const said = heldWord(piece.text);
      if (adjoins) {
        const grown = g as Group;
        grown.text += `${gap(grown.end)}${piece.text}`;
        grown.end = piece.end;
        if (grown.words < MAX_WORDS) grown.words++;
        else grown.text = grown.text.replace(/^\S+\s+/, "");
        grown.held = said ?? grown.held;
      } else {
        drop();
        group = {
          text: piece.text,
          start: piece.start,
          end: piece.end,
          words: 1,
          assigned: false,
          held: said,
        };
      }
      continue;
    }
    if (piece.kind === OPAQUE) {
      drop();
      last = null;
      continue;
    }
    if (piece.kind === NUMBER) {
      const slot: Slot = {
        index: slots.length,
        piece: k,
        label: "",
        unit: piece.unit,
        held,
        aside: false,
        total: -1,
        isTotal: false,
        bracketed: isBracketed(pieces, k, words.length) || isNumbered(pieces, k),
        afterHeld: false,
        meanOf: -1,
        after: "",
      };
      slots.push(slot);
      const range = startsRange(pieces, k);
      if (range || (k === 0 && isLineNumber(pieces))) {
        slot.aside = true;
        if (range) k++; // the dash
        continue;
      }
      const g = group as Group | null;
      const previous = pieces[k - 1];
      const slash =
        previous?.kind === PUNCT &&
        last !== null &&
        ((previous.text === "/" && pieces[k - 2]?.kind === NUMBER) || boxedTotal(pieces, k));
      const of =
        !slash &&
        last !== null &&
        last.index === slot.index - 1 &&
        /^\s*(?:of|out of|von|sur|de|di|из)\s*$/i.test(gap(lastEnd)) &&
        piece.unit === "";
      if ((slash || of) && last) {
        slot.isTotal = true;
        last.total = slot.index;
        slot.held = last.held;
        group = null;
      } else if (
        round > 0 &&
        asideFrom > 0 &&
        round >= asideFrom &&
        !(g?.assigned && g.words > 0 && !/[*+]/.test(gap(g.end)))
      ) {
        slot.aside = true;
        const parent = slots[slot.index - 1];
        if (
          parent &&
          g === null &&
          previous?.text === "(" &&
          pieces[k + 1]?.text === ")" &&
          piece.unit === ""
        )
          slot.meanOf = parent.isTotal ? -1 : parent.index;
        group = null;
      } else if (
        g &&
        g.words === 1 &&
        isPhaseWord(g.text) &&
        ((pieces[k + 1]?.text === "/" && pieces[k + 2]?.kind === NUMBER) || slot.bracketed)
      ) {
        held = g.held; // "Test: [10/79]": a counter of the test, whose losses follow
        slot.held = held;
        group = null;
      } else if (g) {
        slot.label = scopes.length > 0 ? [...scopes, g.text].join("/") : g.text;
        slot.held = g.held ?? held;
        for (const scope of scopes) slot.held = heldWord(scope) ?? slot.held;
        if (g.assigned) assignedAny = true;
        const split = splitCounter(slot.label);
        if (split) {
          pendingMetric = split.metric;
          slot.label = split.counter;
        } else if (lrOfGroup(slot.label)) {
          pendingMetric = "learning rate";
          slot.label = "";
          slot.aside = true;
        } else if (!isCounterWord(slot.label)) pendingMetric = ""; // "Loss at epoch 3 and iteration 500 is 0.2"
        const { role } = slotMeaning(slot.label);
        slot.afterHeld = role === "loss" && slot.held === null && metricHeld === true;
        if (role === "accuracy" && slot.held === null) slot.held = metricHeld;
        else if (g.held !== null && g.words > 1) metricHeld = g.held;
        if ((role === "step" || role === "epoch" || role === "other") && g.held !== null) held = g.held;
        if (/^(?:after|at|nach|tras|apres|après|after about)$/i.test(slot.label)) slot.label = "";
        group = null;
      } else if (pendingMetric !== "" && last && !last.isTotal) {
        slot.label = pendingMetric;
        slot.held = heldWord(pendingMetric) ?? held;
        pendingMetric = "";
      } else if (pendingMetric !== "" && last?.isTotal) {
        slot.label = pendingMetric;
        pendingMetric = "";
      } else if (square > 0 && listSlot && previous?.text === "," && !slot.bracketed) {
        slot.aside = true;
      }
      if (COUNTED_UNIT.test(piece.unit) && !isCounterWord(slot.label)) slot.label = piece.unit;
      const counted = countedBehind(pieces, k, slot.label);
      if (counted) {
        slot.label = counted.label;
        if (counted.rest !== "") {
          const word = pieces[k + 1]!;
          group = {
            text: counted.rest,
            start: word.end - counted.rest.length,
            end: word.end,
            words: 1,
            assigned: false,
            held: heldWord(counted.rest),
          };
        }
        k++;
      }
      listSlot = square > 0;
      last = slot;
      lastEnd = piece.end;
      continue;
    }
    // punctuation
    const c = piece.text;
    const g = group as Group | null;
    if (c === ":" || c === "=" || (c === "," && comma && pieces[k + 1]?.kind === NUMBER)) {
      if (g) g.assigned = true;
      continue;
    }
    if (c === "'" || c === '"' || c === "`" || c === "[") {
      if (c === "[") {
        square++;
        listSlot = false;
      }
      continue;
    }
    if (c === "(") {
      round++;
      const inner = pieces[k + 1];
      if (!g && inner?.kind === WORD && pieces[k + 2]?.text === ")" && heldWord(inner.text) !== null) {
        held = heldWord(inner.text); // "Epoch 1 (valid): loss=…"
        round--;
        k += 2;
        continue;
      }
      if (g && inner?.kind === WORD && pieces[k + 2]?.text === ")") {
        if (/^ ?$/.test(gap(g.end))) {
          g.text += `${gap(g.end)}(${inner.text})`;
          g.end = pieces[k + 2]!.end;
          g.held = heldWord(inner.text) ?? g.held;
        }
        words.push(inner.text.toLowerCase());
        round--;
        k += 2;
        continue;
      }
      const counts = last !== null && (last.isTotal || isCounterWord(last.label)) && boxesCounter(pieces, k);
      if (last && g === null && piece.start - lastEnd <= 4 && asideFrom === 0 && !counts) asideFrom = round;
      continue;
    }
    if (c === ")") {
      if (g && asideFrom > 0 && round >= asideFrom) group = null;
      else drop();
      if (asideFrom > 0 && round <= asideFrom) asideFrom = 0;
      round = Math.max(0, round - 1);
      continue;
    }
    if (c === "]") {
      square = Math.max(0, square - 1);
      drop();
      continue;
    }
    if (c === "{") {
      if (g?.assigned || (g && isMetric(slotMeaning(g.text).role))) {
        scopes.push(g.text);
        group = null;
      } else drop();
      continue;
    }
    if (c === "}") {
      drop();
      scopes.pop();
      continue;
    }
    if (
      c === "-" &&
      g &&
      /[a-z0-9]$/i.test(g.text) &&
      pieces[k + 1]?.kind === NUMBER &&
      /^\s?$/.test(gap(g.end)) &&
      pieces[k + 1]!.start === piece.end
    )
      continue;
    drop();
    if (c !== "/" && c !== "," && c !== "%")
      pendingMetric = pendingMetric === "" || c === "-" || c === ">" || c === "|" ? pendingMetric : "";
  }
  drop();
  labelFromTheRight(line, pieces, slots);
  labelFromTheCell(line, pieces, slots);
  return { slots, held, words, assigned: assignedAny };
}

/** `(20/500)`. */
function boxesCounter(pieces: readonly Piece[], k: number): boolean {
  const [of, slash, total, close] = pieces.slice(k + 1, k + 5);
  return of?.kind === NUMBER && slash?.text === "/" && total?.kind === NUMBER && close?.text === ")";
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

/** "Test", "validation": where a measurement is made, not which. */
function isPhaseWord(word: string): boolean {
  if (heldWord(word) === null) return false;
  return slotMeaning(word).role === "other" || /^(?:val|valid|validation|eval|test|dev)$/i.test(word);
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
