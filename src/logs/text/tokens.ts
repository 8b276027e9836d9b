/** The tokens of one console line, in arrays that are used again for every line. */
export const WORD = 1;
/** A number in any spelling; `value` holds it, `unit` where its digits end and a glued unit begins. */
export const NUMBER = 2;
/** A date, a clock, a path, a version, a hash: no value. */
export const OPAQUE = 3;
export const PUNCT = 4;

/** Tokens beyond these are not looked at. */
export const MAX_TOKENS = 2048;

export interface Tokens {
  count: number;
  /** What the line is made of with its numbers taken out: equal for lines of one template. */
  hash: number;
  /** A word that may be a NaN or may be a word ("number of nan iterations") was met. */
  doubtful: boolean;
  readonly kind: Uint8Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly unit: Int32Array;
  readonly value: Float64Array;
}

export function createTokens(): Tokens {
  return {
    count: 0,
    hash: 0,
    doubtful: false,
    kind: new Uint8Array(MAX_TOKENS),
    start: new Int32Array(MAX_TOKENS),
    end: new Int32Array(MAX_TOKENS),
    unit: new Int32Array(MAX_TOKENS),
    value: new Float64Array(MAX_TOKENS),
  };
}

const LETTER = 1;
const DIGIT = 2;
const SPACE = 3;
const CLASS = new Uint8Array(256);
for (let c = 0; c < 256; c++) {
  if ((c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c >= 128) CLASS[c] = LETTER;
  else if (c >= 48 && c <= 57) CLASS[c] = DIGIT;
  else if (c <= 32) CLASS[c] = SPACE;
}

/** An ASCII letter, an underscore, or a byte of any other script. */
export const isLetter = (c: number | undefined): boolean => CLASS[c ?? 0] === LETTER;
export const isDigit = (c: number | undefined): boolean => c !== undefined && c >= 48 && c <= 57;
export const isSpace = (c: number | undefined): boolean => c === undefined || c <= 32;

/** Bytes [start, end) in lower case, for short ASCII words. */
export function lowerWord(bytes: Uint8Array, start: number, end: number): string {
  let word = "";
  for (let i = start; i < end; i++) {
    const c = bytes[i]!;
    word += String.fromCharCode(c >= 65 && c <= 90 ? c | 32 : c);
  }
  return word;
}
