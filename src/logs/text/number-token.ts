/** A number inside a line, and what only looks like one: dates, clocks, versions, hashes. */
import { isDigit, isLetter } from "./tokens.ts";

export interface Scanned {
  /** Behind the token, its unit included. */
  end: number;
  /** Behind the digits. */
  unit: number;
  value: number;
  opaque: boolean;
}

/** Filled by `scanNumber`, which makes nothing new. */
export const scanned: Scanned = { end: 0, unit: 0, value: 0, opaque: false };

const SAFE = 900719925474099;
const POW10 = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** The number whose sign or first digit is at `from`; `decimalComma`: "2,5" means two and a half in this log. */
export function scanNumber(bytes: Uint8Array, from: number, to: number, decimalComma: boolean): Scanned {
  scanned.opaque = false;
  let i = from;
  const negative = bytes[i] === 45;
  if (negative || bytes[i] === 43) i++;
  const first = i;
  let mantissa = 0;
  let scale = 0;
  let exact = true;
  while (isDigit(bytes[i])) {
    if (mantissa > SAFE) exact = false;
    else mantissa = mantissa * 10 + bytes[i]! - 48;
    i++;
  }
  const whole = i - first;
  const opaque = opaqueEnd(bytes, first, i, to);
  if (opaque > 0) return setOpaque(opaque);
  if (whole <= 3 && whole > 0 && bytes[first] !== 48 && !decimalComma && bytes[from - 1] !== 91) {
    while (groupFollows(bytes, i)) {
      mantissa = mantissa * 1000 + Number(String.fromCharCode(bytes[i + 1]!, bytes[i + 2]!, bytes[i + 3]!));
      i += 4;
      exact = exact && mantissa <= SAFE;
    }
  }
  let text = "";
  const point = bytes[i] === 46 || (decimalComma && bytes[i] === 44 && isDigit(bytes[i + 1]));
  if (point && (isDigit(bytes[i + 1]) || !isLetter(bytes[i + 1]) || (bytes[i + 1]! | 32) === 101)) {
    if (bytes[i + 1] === 35) return scanWindowsSpecial(bytes, i + 2, negative);
    if (isDigit(bytes[i + 1]) || bytes[i + 1] !== 46) {
      i++;
      while (isDigit(bytes[i])) {
        if (mantissa > SAFE) exact = false;
        else {
          mantissa = mantissa * 10 + bytes[i]! - 48;
          scale--;
        }
        i++;
      }
      if (bytes[i] === 46 && isDigit(bytes[i + 1])) {
        while (isDigit(bytes[i]) || bytes[i] === 46 || isLetter(bytes[i])) i++;
        return setOpaque(i); // a version, an address
      }
    }
  }
  if ((bytes[i]! | 32) === 101 || (bytes[i] === 68 && (bytes[i + 1] === 43 || bytes[i + 1] === 45))) {
    let e = i + 1;
    const minus = bytes[e] === 45;
    if (minus || bytes[e] === 43) e++;
    if (isDigit(bytes[e])) {
      let exponent = 0;
      while (isDigit(bytes[e])) exponent = Math.min(9999, exponent * 10 + bytes[e++]! - 48);
      scale += minus ? -exponent : exponent;
      i = e;
    }
  }
  if (!exact || scale < -22 || scale > 22 || mantissa > Number.MAX_SAFE_INTEGER) {
    for (let k = first; k < i; k++)
      if (bytes[k] !== 44 || decimalComma)
        text += bytes[k] === 44 ? "." : bytes[k] === 68 ? "e" : String.fromCharCode(bytes[k]!);
    mantissa = Number(text);
    scale = 0;
  }
  let value = scale < 0 ? mantissa / POW10[-scale]! : mantissa * POW10[scale]!;
  if (negative) value = -value;
  scanned.unit = i;
  return finishUnit(bytes, i, value);
}

/** Behind a unit glued to the number, or behind all of what turns out to be a hash. */
function finishUnit(bytes: Uint8Array, from: number, value: number): Scanned {
  let i = from;
  if (bytes[i] === 37) i++;
  else {
    while (isLetter(bytes[i]) && bytes[i]! < 128 && i - from < 24) i++;
    if (i > from) {
      if (isDigit(bytes[i])) {
        while (isLetter(bytes[i]) || isDigit(bytes[i])) i++;
        return setOpaque(i);
      }
      if (bytes[i] === 47 && isLetter(bytes[i + 1]) && bytes[i + 1]! < 128) {
        i++;
        while (isLetter(bytes[i]) && bytes[i]! < 128) i++;
      }
    }
  }
  if (i - from === 1) {
    if ((bytes[from]! | 32) === 107) value *= 1000;
    else if (bytes[from] === 77) value *= 1e6;
  }
  scanned.end = i;
  scanned.value = value;
  return scanned;
}

function setOpaque(end: number): Scanned {
  scanned.opaque = true;
  scanned.end = end;
  scanned.unit = end;
  scanned.value = Number.NaN;
  return scanned;
}

/** Windows prints `1.#INF`, `-1.#IND`, `1.#QNAN`, with digits behind. */
function scanWindowsSpecial(bytes: Uint8Array, from: number, negative: boolean): Scanned {
  let i = from;
  while (isLetter(bytes[i]) || isDigit(bytes[i])) i++;
  const infinite = (bytes[from]! | 32) === 105 && (bytes[from + 2]! | 32) === 102;
  scanned.value = infinite ? (negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : Number.NaN;
  scanned.end = i;
  scanned.unit = i;
  return scanned;
}

/** `,234` that is not followed by more digits. */
function groupFollows(bytes: Uint8Array, i: number): boolean {
  return (
    bytes[i] === 44 &&
    isDigit(bytes[i + 1]) &&
    isDigit(bytes[i + 2]) &&
    isDigit(bytes[i + 3]) &&
    !isDigit(bytes[i + 4])
  );
}

/** The end of a clock or a date whose first number is [first, i); 0 when it is none. */
function opaqueEnd(bytes: Uint8Array, first: number, i: number, to: number): number {
  const width = i - first;
  const c = bytes[i];
  if (c === 58 && width <= 3 && isDigit(bytes[i + 1]) && isDigit(bytes[i + 2]) && !isDigit(bytes[i + 3])) {
    return clockEnd(bytes, i);
  }
  if ((c === 45 || c === 47 || c === 46) && (width === 4 || width === 2) && isDigit(bytes[i + 1])) {
    let j = i + 1;
    while (isDigit(bytes[j]) && j - i < 6) j++;
    const middle = j - i - 1;
    if (middle <= 2 && bytes[j] === c && isDigit(bytes[j + 1])) {
      let k = j + 1;
      while (isDigit(bytes[k])) k++;
      const last = k - j - 1;
      if (
        (width === 4 && last <= 2) ||
        (width === 2 && middle === 2 && (last === 4 || (last === 2 && c !== 46)))
      ) {
        const glued = bytes[k] === 84 || bytes[k] === 95 || bytes[k] === 45;
        return glued && isDigit(bytes[k + 1]) ? gluedTimeEnd(bytes, k + 1) : k;
      }
    }
    // month and day before a clock
    if (c !== 46 && width === 2 && middle === 2 && bytes[j] === 32 && looksLikeClock(bytes, j + 1, to))
      return j;
  }
  if (
    width === 8 &&
    (c === 45 || c === 84 || c === 32) &&
    startsCentury(bytes, first) &&
    looksLikeClock(bytes, i + 1, to)
  )
    return c === 32 ? i : gluedTimeEnd(bytes, i + 1); // 20200204-19:54:00
  if (width >= 8 && bytes[i] === 95 && isDigit(bytes[i + 1])) return gluedTimeEnd(bytes, i + 1);
  if (bytes[first] === 48 && width === 1 && (c! | 32) === 120) {
    let j = i + 1;
    while (isLetter(bytes[j]) || isDigit(bytes[j])) j++;
    return j;
  }
  return 0;
}

/** 19… or 20…: the year of a date without separators. */
function startsCentury(bytes: Uint8Array, at: number): boolean {
  return (bytes[at] === 49 && bytes[at + 1] === 57) || (bytes[at] === 50 && bytes[at + 1] === 48);
}

function clockEnd(bytes: Uint8Array, from: number): number {
  let i = from;
  while (isDigit(bytes[i]) || (bytes[i] === 58 && isDigit(bytes[i + 1]))) i++;
  if ((bytes[i] === 46 || bytes[i] === 44) && isDigit(bytes[i + 1])) {
    i++;
    while (isDigit(bytes[i])) i++;
  }
  // 10:27 PM
  const half = bytes[i] === 32 ? i + 1 : i;
  const letter = bytes[half]! | 32;
  if (
    (letter === 97 || letter === 112) &&
    (bytes[half + 1]! | 32) === 109 &&
    !isLetter(bytes[half + 2]) &&
    !isDigit(bytes[half + 2])
  )
    return half + 2;
  return i;
}

function gluedTimeEnd(bytes: Uint8Array, from: number): number {
  let i = from;
  while (
    isDigit(bytes[i]) ||
    ((bytes[i] === 58 || bytes[i] === 45 || bytes[i] === 46 || bytes[i] === 95) && isDigit(bytes[i + 1]))
  )
    i++;
  if (bytes[i] === 90) i++;
  if ((bytes[i] === 43 || bytes[i] === 44) && isDigit(bytes[i + 1])) {
    i++;
    while (isDigit(bytes[i]) || bytes[i] === 58) i++;
  }
  return i;
}

function looksLikeClock(bytes: Uint8Array, from: number, to: number): boolean {
  let i = from;
  while (i < to && bytes[i] === 32) i++;
  let j = i;
  while (isDigit(bytes[j])) j++;
  return j > i && j - i <= 2 && bytes[j] === 58 && isDigit(bytes[j + 2]) && bytes[j + 3] === 58; // a bar's 00:12 has one colon
}
