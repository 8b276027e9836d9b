/** What a logger puts before every line: its words say nothing of the line. */
import { heldWord, type Slot } from "./slots.ts";
import type { Template } from "./template.ts";
import { WORD } from "./tokens.ts";

/** So many pieces may a front have, and so large a share of the lines shares it. */
const PIECES = 10;
const SHARE = 0.8;
/** Fewer forms of line have no front in common. */
const FORMS = 4;

/** In small letters: those of most lines, and of most forms of line. */
export function frontWords(templates: readonly Template[]): ReadonlySet<string> {
  const shared = new Map<string, { rows: number; forms: number }>();
  let all = 0;
  for (const { pieces, rows } of templates) {
    all += rows;
    const words = pieces.slice(0, PIECES).filter((p) => p.kind === WORD);
    for (const word of new Set(words.map((p) => p.text.toLowerCase()))) {
      const known = shared.get(word) ?? { rows: 0, forms: 0 };
      shared.set(word, { rows: known.rows + rows, forms: known.forms + 1 });
    }
  }
  if (templates.length < FORMS) return new Set();
  const enough = [...shared].filter(([, s]) => s.rows >= SHARE * all && s.forms >= SHARE * templates.length);
  return new Set(enough.map(([word]) => word));
}

/** The line's own words, behind those of the front. */
export function behindFront(words: readonly string[], front: ReadonlySet<string>): string[] {
  const own = words.findIndex((word) => !front.has(word));
  return own < 0 ? [] : words.slice(own);
}

/** A logger called "train" does not say that a number was measured in training. */
export function forgetFront(
  slots: readonly Slot[],
  own: readonly string[],
  front: ReadonlySet<string>,
): void {
  for (const said of [true, false]) {
    const says = (word: string): boolean => heldWord(word) === said;
    if (![...front].some(says) || own.some(says)) continue;
    for (const slot of slots) if (slot.held === said) slot.held = null;
  }
}
