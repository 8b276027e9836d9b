/**
 * Numbers as logs print them. `undefined` means "nothing was logged here" and is never the same as NaN,
 * which is a value and evidence.
 */

const POW10: readonly number[] = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const MAX_SAFE_DIV_10 = 900719925474099; // one more digit still fits 2^53

const BLANK = new Set(["", "na", "n/a", "none", "null", "-", "--", "undefined", "<na>"]);
const NON_FINITE = new Map<string, number>([
  ["nan", Number.NaN],
  ["+nan", Number.NaN],
  ["-nan", Number.NaN],
  ["1.#qnan", Number.NaN],
  ["-1.#ind", Number.NaN],
  ["inf", Number.POSITIVE_INFINITY],
  ["+inf", Number.POSITIVE_INFINITY],
  ["infinity", Number.POSITIVE_INFINITY],
  ["+infinity", Number.POSITIVE_INFINITY],
  ["1.#inf", Number.POSITIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
  ["-infinity", Number.NEGATIVE_INFINITY],
  ["-1.#inf", Number.NEGATIVE_INFINITY],
]);

/** A cell known to be blank ("", NA, null, None …), as opposed to a word that is no number. */
export function isBlank(text: string): boolean {
  return BLANK.has(text.trim().toLowerCase());
}

/** The number a cell holds, NaN and ±inf spelled in any of the usual ways; undefined for a blank or a word. */
export function parseNumber(text: string): number | undefined {
  const t = text.trim();
  if (t === "") return undefined;
  const c = t.charCodeAt(0);
  // digits, '+', '-', '.': anything else can only be nan, inf or a wrapped number
  if ((c >= 48 && c <= 57) || c === 43 || c === 45 || c === 46) {
    // Number() also takes 0x10, 0b1 and 0o7, which no log means as values
    const second = t.charCodeAt(1) | 32;
    if (c === 48 && (second === 120 || second === 98 || second === 111)) return undefined;
    const value = Number(t);
    if (!Number.isNaN(value)) return value;
  }
  const word = NON_FINITE.get(t.toLowerCase());
  if (word !== undefined) return word;
  if (/^[+-]?nanx+$/i.test(t)) return Number.NaN; // padded to the width of the field
  const wrapped = /^(?:tensor|array|np\.float(?:32|64)?|float)\(\s*([^,()]{1,40})\s*[,)]/.exec(t);
  return wrapped ? parseNumber(wrapped[1]!) : undefined;
}

/** A block of text as bytes, and as a string once one is needed. */
export interface NumberBlock {
  readonly bytes: Uint8Array;
  text: string | null;
}

/**
 * The number in bytes [start, end) of a block, exactly as `Number()` rounds it: the fast path is taken only
 * where a 53-bit mantissa and a power of ten up to 22 make one correctly rounded operation.
 */
export function parseBytes(block: NumberBlock, start: number, end: number): number | undefined {
  const { bytes } = block;
  while (start < end && bytes[start]! <= 32) start++;
  while (end > start && bytes[end - 1]! <= 32) end--;
  if (start === end) return undefined;
  let at = start;
  let negative = false;
  let c = bytes[at]!;
  if (c === 45 || c === 43) {
    negative = c === 45;
    at++;
  }
  let mantissa = 0;
  let digits = 0;
  let scale = 0;
  for (; at < end; at++) {
    c = bytes[at]! - 48;
    if (c < 0 || c > 9) break;
    if (mantissa > MAX_SAFE_DIV_10) return slow(block, start, end);
    mantissa = mantissa * 10 + c;
    digits++;
  }
  if (at < end && bytes[at] === 46) {
    for (at++; at < end; at++) {
      c = bytes[at]! - 48;
      if (c < 0 || c > 9) break;
      if (mantissa > MAX_SAFE_DIV_10) return slow(block, start, end);
      mantissa = mantissa * 10 + c;
      digits++;
      scale--;
    }
  }
  if (digits === 0 || mantissa > Number.MAX_SAFE_INTEGER) return slow(block, start, end);
  if (at < end) {
    if ((bytes[at]! | 32) !== 101) return slow(block, start, end);
    at++;
    let exponentNegative = false;
    if (at < end && (bytes[at] === 45 || bytes[at] === 43)) exponentNegative = bytes[at++] === 45;
    if (at >= end || end - at > 4) return slow(block, start, end);
    let exponent = 0;
    for (; at < end; at++) {
      c = bytes[at]! - 48;
      if (c < 0 || c > 9) return slow(block, start, end);
      exponent = exponent * 10 + c;
    }
    scale += exponentNegative ? -exponent : exponent;
  }
  if (scale < -22 || scale > 22) return slow(block, start, end);
  const value = scale < 0 ? mantissa / POW10[-scale]! : mantissa * POW10[scale]!;
  return negative ? -value : value;
}

const utf8 = new TextDecoder("utf-8");

/** Decoding the block once is far cheaper than decoding each number; bytes and characters agree in ASCII only. */
function slow(block: NumberBlock, start: number, end: number): number | undefined {
  if (end - start > 400) return undefined;
  const { bytes } = block;
  block.text ??= utf8.decode(bytes);
  const { text } = block;
  const word =
    text.length === bytes.length ? text.slice(start, end) : utf8.decode(bytes.subarray(start, end));
  // a long number begins with a digit and a point; everything else is looked at closely
  const second = bytes[start + 1]!;
  const value = second === 46 || (second >= 48 && second <= 57) ? Number(word) : Number.NaN;
  return Number.isNaN(value) ? parseNumber(word) : value;
}
