/** What a head's map says in words. */

export interface Habit {
  readonly words: string;
  /** Of its weight, averaged over the characters that could look there, 0…1; null: it has no habit. */
  readonly share: number | null;
}

/** Where a character i might look; null: there is no such place. */
const places: readonly (readonly [
  words: string,
  at: (i: number, characters: readonly string[]) => number | null,
])[] = [
  ["looks at the character itself", (i) => i],
  ["looks at the character before", (i) => (i > 0 ? i - 1 : null)],
  ["looks two characters back", (i) => (i > 1 ? i - 2 : null)],
  ["looks at the first character", (i) => (i > 2 ? 0 : null)],
  [
    "looks at the last blank",
    (i, characters) => {
      const at = characters.slice(0, i - 1).findLastIndex((c) => /\s/.test(c));
      return i > 2 && at >= 0 ? at : null;
    },
  ],
  [
    "looks at the last equal character",
    (i, characters) => {
      const at = characters.slice(0, i).lastIndexOf(characters[i]!);
      return at >= 0 && at < i - 2 ? at : null;
    },
  ],
];

/** Weight on a place must be this many times an even spread's to be called a habit. */
const CLEAR = 2;

/** The place with the largest mean weight, where that is clearly more than an even spread gives. */
export function habit(map: ArrayLike<number>, characters: readonly string[]): Habit {
  const size = characters.length;
  const found = places.map(([words, at]) => {
    let [weight, even, count] = [0, 0, 0];
    // the first rows have few places to look at: all of them are near
    for (let i = Math.min(4, size - 1); i < size; i++) {
      const to = at(i, characters);
      if (to === null) continue;
      weight += map[i * size + to]!;
      even += 1 / (i + 1);
      count++;
    }
    return { words, share: count > 0 ? weight / count : 0, clear: count > 0 && weight > CLEAR * even };
  });
  const best = found.filter((f) => f.clear).sort((a, b) => b.share - a.share)[0];
  if (best !== undefined) return { words: best.words, share: best.share };
  return { words: "has no habit", share: null };
}
