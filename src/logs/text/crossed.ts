/** Tables with a measurement in each row and the data it was made on in the columns. */
import { heldWord, type Slot } from "./slots.ts";
import type { Template } from "./template.ts";
import { WORD } from "./tokens.ts";

/** "Loss | 0.40 | 0.19" below "METRIC | TRAIN | VALIDATION": the row says what, the column on which data. */
export function crossedNames(
  { line, pieces }: Template,
  slots: readonly Slot[],
  headers: readonly (string | null)[] | null,
): string[] | null {
  const held = slots.map((_, i) => (headers?.[i] ? heldWord(headers[i].trim()) : null));
  if (slots.length < 2 || !held.includes(true) || !held.includes(false) || held.includes(null)) return null;
  const pipe = slots[0]!.piece - 1;
  let from = pipe;
  while (pieces[from - 1]?.kind === WORD) from--;
  if (pieces[pipe]?.text !== "|" || from === pipe) return null;
  const row = line.slice(pieces[from]!.start, pieces[pipe - 1]!.end);
  for (const slot of slots) slot.held = held[slot.index]!;
  return held.map((h) => (h ? `valid ${row}` : `train ${row}`));
}
