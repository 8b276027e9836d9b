/** A sign of a line: it ties a name to its number, opens and closes brackets, or ends what came before. */
import { magnitudeAt } from "./patterns.ts";
import { between, dropGroup, type Group, heldWord, type Scan } from "./slots.ts";
import type { Piece } from "./template.ts";
import { NUMBER, WORD } from "./tokens.ts";
import { isCounterWord, isMetric, slotMeaning } from "./words.ts";

/** The place of the last piece that was read with it. */
export function readSign(scan: Scan, k: number): number {
  const { pieces, group } = scan;
  const strokes = magnitudeAt(pieces, k);
  if (strokes > 0) return readMagnitude(scan, k, k + 2 * strokes);
  const sign = pieces[k]!.text;
  switch (sign) {
    case "'":
    case '"':
    case "`":
      return k;
    case "[":
      scan.square++;
      scan.listSlot = false;
      return k;
    case "]":
      scan.square = Math.max(0, scan.square - 1);
      dropGroup(scan);
      return k;
    case "(":
      return openRound(scan, k);
    case ")":
      closeRound(scan);
      return k;
    case "{":
      if (group && (group.assigned || isMetric(slotMeaning(group.text).role))) {
        scan.scopes.push(group.text);
        scan.group = null;
      } else dropGroup(scan);
      return k;
    case "}":
      dropGroup(scan);
      scan.scopes.pop();
      return k;
  }
  // ('loss:', 2.1) and ('Losses', {'ner': 2.1}), as Python 2 prints them
  if (sign === "," && group && isQuote(pieces[k - 1]) && ties(scan, group, pieces[k + 1])) return k;
  if (sign === ":" || sign === "=" || (sign === "," && scan.comma && pieces[k + 1]?.kind === NUMBER)) {
    if (group) group.assigned = true;
  } else if (!(group && isHyphen(scan, k, group))) {
    dropGroup(scan);
    if (!/^[/,%>|-]$/.test(sign)) scan.pendingMetric = "";
  }
  return k;
}

const isQuote = (piece: Piece | undefined): boolean => piece?.text === "'" || piece?.text === '"';

/** The comma stands between a name and what has it. */
function ties(scan: Scan, group: Group, next: Piece | undefined): boolean {
  if (next?.text === "{") return true;
  const named = group.assigned || scan.pieces[0]!.text === "(";
  if (next?.kind !== NUMBER || !named) return false;
  group.assigned = true;
  return true;
}

/** `|grad|`: one name, strokes and all. */
function readMagnitude(scan: Scan, from: number, to: number): number {
  dropGroup(scan);
  const [{ start }, { end }] = [scan.pieces[from]!, scan.pieces[to]!];
  scan.group = { text: scan.line.slice(start, end), start, end, words: 1, assigned: false, held: null };
  return to;
}

function openRound(scan: Scan, k: number): number {
  const { pieces, group, last } = scan;
  const [piece, inner, close] = [pieces[k]!, pieces[k + 1], pieces[k + 2]];
  if (inner?.kind === WORD && close?.text === ")") {
    const said = heldWord(inner.text);
    if (group) {
      if (/^ ?$/.test(between(scan, group.end, piece))) {
        group.text += `${between(scan, group.end, piece)}(${inner.text})`;
        group.end = close.end;
        group.held = said ?? group.held;
      }
      scan.words.push(inner.text.toLowerCase());
      return k + 2;
    }
    if (said !== null) {
      scan.held = said; // "Epoch 1 (valid): loss=…"
      scan.words.push(inner.text.toLowerCase());
      return k + 2;
    }
  }
  scan.round++;
  const counts = last !== null && (last.isTotal || isCounterWord(last.label)) && boxesCounter(pieces, k);
  if (last && group === null && piece.start - scan.lastEnd <= 4 && scan.asideFrom === 0 && !counts)
    scan.asideFrom = scan.round;
  return k;
}

function closeRound(scan: Scan): void {
  const { asideFrom, round } = scan;
  if (scan.group && asideFrom > 0 && round >= asideFrom) scan.group = null;
  else dropGroup(scan);
  if (asideFrom > 0 && round <= asideFrom) scan.asideFrom = 0;
  scan.round = Math.max(0, round - 1);
}

/** "top-5": part of a name. */
function isHyphen(scan: Scan, k: number, group: Group): boolean {
  const [piece, next] = [scan.pieces[k]!, scan.pieces[k + 1]];
  return (
    piece.text === "-" &&
    /[a-z0-9]$/i.test(group.text) &&
    next?.kind === NUMBER &&
    /^\s?$/.test(between(scan, group.end, piece)) &&
    next.start === piece.end
  );
}

/** `(20/500)`. */
function boxesCounter(pieces: readonly Piece[], k: number): boolean {
  const [of, slash, total, close] = pieces.slice(k + 1, k + 5);
  return of?.kind === NUMBER && slash?.text === "/" && total?.kind === NUMBER && close?.text === ")";
}
