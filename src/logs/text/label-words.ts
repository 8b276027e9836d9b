/** A word of a line: it begins or continues a name, or says nothing. */
import { between, dropGroup, heldWord, type Scan } from "./slots.ts";
import { NUMBER } from "./tokens.ts";
import { FILLERS, isCounterWord, LEVELS } from "./words.ts";

const MAX_WORDS = 7;

export function readWord(scan: Scan, k: number): void {
  const { pieces } = scan;
  const piece = pieces[k]!;
  scan.words.push(piece.text.toLowerCase());
  if (isLevel(piece.text) || isLogger(scan, k)) {
    dropGroup(scan);
    return;
  }
  if (fillsIn(scan, k)) {
    if (scan.group) scan.group.assigned = true;
    return;
  }
  const said = heldWord(piece.text);
  const { group } = scan;
  if (group && !group.assigned && /^ ?['"`]?$|^['"`] $/.test(between(scan, group.end, piece))) {
    group.text += `${between(scan, group.end, piece)}${piece.text}`;
    group.end = piece.end;
    if (group.words < MAX_WORDS) group.words++;
    else group.text = group.text.replace(/^\S+\s+/, "");
    group.held = said ?? group.held;
    return;
  }
  dropGroup(scan);
  scan.group = {
    text: piece.text.replace(/^(?:INFO|DEBUG|WARNING)-(?=\w)/, ""), // glued to the message
    start: piece.start,
    end: piece.end,
    words: 1,
    assigned: false,
    held: said,
  };
}

/** INFO, ERROR: an "error" in small letters is a measurement. */
function isLevel(word: string): boolean {
  const lower = word.toLowerCase();
  return LEVELS.has(lower) && (lower !== "error" || word === "ERROR");
}

/** `INFO:trainer:`. */
function isLogger({ pieces }: Scan, k: number): boolean {
  return (
    pieces[k - 1]?.text === ":" &&
    LEVELS.has(pieces[k - 2]?.text.toLowerCase() ?? "") &&
    pieces[k + 1]?.text === ":" &&
    !isCounterWord(pieces[k]!.text)
  );
}

/** "loss is 2.1": a word between a name and its number, or one that names nothing. */
function fillsIn({ pieces, group }: Scan, k: number): boolean {
  const [piece, next] = [pieces[k]!, pieces[k + 1]];
  if (!FILLERS.has(piece.text.toLowerCase()) || (next?.text === "=" && next.start === piece.end))
    return false;
  return group === null || next === undefined || next.kind === NUMBER || FILLERS.has(next.text.toLowerCase());
}
