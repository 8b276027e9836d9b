/** What is known of each number of a line, and where a scan for names stands. */
import { speaksOfTraining, speaksOfValidation } from "../columns.ts";
import type { Piece } from "./template.ts";

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

/** Words side by side, which name the number behind them. */
export interface Group {
  text: string;
  start: number;
  end: number;
  words: number;
  assigned: boolean;
  held: boolean | null;
}

/** A scan of a line from the left: what was read decides what comes. */
export interface Scan {
  readonly line: string;
  readonly pieces: readonly Piece[];
  readonly slots: Slot[];
  readonly words: string[];
  /** A comma stands between a name and its number. */
  readonly comma: boolean;
  /** Names around braces that are open. */
  readonly scopes: string[];
  group: Group | null;
  held: boolean | null;
  /** "val loss 2.1 acc 0.5": the accuracy is of the same data. */
  metricHeld: boolean | null;
  /** "Loss at step 5: 2.1": the name of the number after the counter. */
  pendingMetric: string;
  last: Slot | null;
  /** Where the last number ends. */
  lastEnd: number;
  /** A name had its number by a sign. */
  assigned: boolean;
  /** Round brackets that are open, and from which on numbers stand aside; 0: none does. */
  round: number;
  asideFrom: number;
  /** Square brackets that are open, and whether a number stands in the last one. */
  square: number;
  listSlot: boolean;
}

/** The line between two places. */
export const between = (scan: Scan, from: number, piece: Piece): string => scan.line.slice(from, piece.start);

/** The words end without a number of their own. */
export function dropGroup(scan: Scan): void {
  const { group, last } = scan;
  if (!group) return;
  if (group.held !== null) scan.held = group.held;
  if (last && last.after === "" && group.start - scan.lastEnd <= 1 && !group.assigned)
    last.after = group.text;
  scan.group = null;
}

/** What one word says about held-out data: true, false (training), null (nothing). */
export function heldWord(word: string): boolean | null {
  if (speaksOfValidation(word)) return !/epoch_?eval$/.test(word);
  return speaksOfTraining(word) && !/^(?:learn|fit)$/i.test(word) ? false : null;
}
