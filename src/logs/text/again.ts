/**
 * Most lines are like one just seen. Then what stands between the numbers is compared byte by byte and only the numbers
 * are read: the same tokens as the lexer's, without words and without a hash. Anything else is left to the lexer.
 */
import { scanNumber } from "./number-token.ts";
import { isDigit, isLetter, NUMBER, OPAQUE, type Tokens } from "./tokens.ts";

/** What stands before, between and behind a line's numbers; where a date has a digit, `ANY_DIGIT`. */
export type Pattern = readonly Uint8Array[];

const ANY_DIGIT = 0;

/** The pattern of a line as the lexer cut it; null when it holds more than words, marks, dates and plain numbers. */
export function patternOf(bytes: Uint8Array, from: number, to: number, t: Tokens): Pattern | null {
  const between: Uint8Array[] = [];
  const line = bytes.slice(from, to);
  if (line.includes(ANY_DIGIT)) return null;
  let at = 0;
  for (let i = 0; i < t.count; i++) {
    const [start, end] = [t.start[i]! - from, t.end[i]! - from];
    if (t.kind[i] === OPAQUE && !blot(line.subarray(start, end))) return null;
    if (t.kind[i] !== NUMBER) continue;
    if (isLetter(line[start]) || isLetter(line[start + 1])) return null; // a NaN, or tensor(2.3)
    between.push(line.slice(at, start));
    at = end;
  }
  between.push(line.slice(at));
  return between.length > 1 ? between : null;
}

/** A date or a clock in digits: whatever they are, the line is cut alike. False for anything else. */
function blot(span: Uint8Array): boolean {
  if (!WHEN.test(String.fromCharCode(...span))) return false;
  span.forEach((c, i) => {
    if (isDigit(c)) span[i] = ANY_DIGIT;
  });
  return true;
}

const WHEN =
  /^(?:(?:\d{4}[-/]\d\d[-/]\d\d|\d\d[-/]\d\d[-/]\d{2,4})(?:[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)?|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)$/;

/** Reads the numbers of [from, to) into `t` and is true, when the line has this pattern. */
export function readAgain(
  pattern: Pattern,
  bytes: Uint8Array,
  from: number,
  { to, decimalComma, t }: { to: number; decimalComma: boolean; t: Tokens },
): boolean {
  let at = from;
  for (let k = 0; k < pattern.length; k++) {
    at = skipSame(pattern[k]!, bytes, at, to);
    if (at < 0) return false;
    if (k === pattern.length - 1) break;
    const before = at > from ? bytes[at - 1]! : 32;
    const c = bytes[at];
    const signed = c === 45 || c === 43;
    if (signed && (isDigit(before) || isLetter(before) || before === 41 || before === 93)) return false;
    if (!isDigit(signed ? bytes[at + 1] : c)) return false;
    const n = scanNumber(bytes, at, to, decimalComma);
    if (n.opaque || n.end > to || bytes[n.end] === 95 || (isLetter(before) && n.end > n.unit)) return false;
    t.kind[k] = NUMBER;
    t.start[k] = at;
    t.end[k] = n.end;
    t.unit[k] = n.unit;
    t.value[k] = n.value;
    at = n.end;
  }
  if (at !== to) return false;
  t.count = pattern.length - 1;
  t.doubtful = false;
  return true;
}

/** Behind `same` in the line, with one blank as good as many; -1 when something else stands there. */
function skipSame(same: Uint8Array, bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  for (let k = 0; k < same.length; k++) {
    const c = same[k]!;
    if (at >= to || (c === ANY_DIGIT ? !isDigit(bytes[at]) : bytes[at] !== c)) return -1;
    at++;
    if (c !== 32) continue;
    while (same[k + 1] === 32) k++;
    while (at < to && bytes[at] === 32) at++;
  }
  return at;
}
