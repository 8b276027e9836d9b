/**
 * A console line → the "key value" pairs on it, in one pass and without regular expressions, so that no line
 * can make it slow: `lm loss: 2.1`, `lr=1e-4`, `'loss': 1.5`, `iter 100:`, `Epoch [1/10]`, `200/ 2983 batches`.
 */
export interface Pair {
  /** As written, words joined by single spaces. */
  readonly key: string;
  readonly value: number;
  /** From `key 31219/ 115311`. */
  total?: number;
  /** From `Loss 6.9 (7.1)`: the running mean. */
  mean?: number;
  /** What the words before it on the line say is measured. */
  readonly held: boolean;
}

export interface ScannedLine {
  readonly pairs: Pair[];
  /** A counter without a key: tqdm's `10/100 [`, `[10/391]`. */
  readonly progress: { n: number; total: number } | null;
  /** `[1, 2000] loss: …` of the classic tutorial: epoch and batch. */
  readonly epochBatch: [number, number] | null;
}

const HELD_WORDS = new Set(
  "val valid validation validating eval evaluation evaluating test testing dev".split(" "),
);
const TRAIN_WORDS = new Set("train training".split(" "));
const LEVELS = new Set("debug info warning warn error critical".split(" "));
const MAX_WORDS = 7;

export function scanLine(line: string): ScannedLine {
  const pairs: Pair[] = [];
  let progress: ScannedLine["progress"] = null;
  let epochBatch: ScannedLine["epochBatch"] = null;
  let held = false;
  // the key phrase being built: words of the line [keyStart, keyEnd), and where it can still grow
  let words = 0;
  let keyStart = -1;
  let keyEnd = -1;
  let keyHeld = false;
  let valueOk = false;
  let assigned = false;
  const drop = (): void => {
    if (words > 0 && keyHeld !== held) held = keyHeld;
    words = 0;
    keyStart = -1;
    valueOk = false;
  };
  const emit = (value: number): Pair => {
    const pair: Pair = { key: line.slice(keyStart, keyEnd), value, held };
    pairs.push(pair);
    words = 0;
    keyStart = -1;
    valueOk = false;
    return pair;
  };

  const n = line.length;
  let i = 0;
  let last: Pair | null = null;
  while (i < n) {
    const c = line.charCodeAt(i);
    if (isWordStart(c)) {
      const end = wordEnd(line, i);
      const word = line.slice(i, end);
      const lower = word.length <= 10 ? word.toLowerCase() : word;
      const special = nonFinite(lower);
      // "loss nan", "loss: nan", but not "number of nan iterations: 0"
      if (special !== undefined && words > 0 && valueOk && (assigned || !wordFollows(line, end))) {
        const negative = line.charCodeAt(i - 1) === 45;
        last = emit(negative ? -special : special);
        i = end;
        continue;
      }
      const adjoins =
        words > 0 && keyEnd >= 0 && i - keyEnd <= 1 && (i === keyEnd || line.charCodeAt(keyEnd) === 32);
      if (!adjoins || words >= MAX_WORDS) {
        drop();
        keyStart = i;
        keyHeld = held;
      }
      if (LEVELS.has(lower)) {
        drop();
      } else {
        words++;
        keyEnd = end;
        assigned = false;
        valueOk = true;
        if (HELD_WORDS.has(lower)) keyHeld = true;
        else if (TRAIN_WORDS.has(lower)) keyHeld = false;
      }
      last = null;
      i = end;
      continue;
    }
    const sign = c === 43 || c === 45;
    const first = sign ? line.charCodeAt(i + 1) : c;
    if (isDigit(first) || (first === 46 && isDigit(line.charCodeAt(i + (sign ? 2 : 1))))) {
      const number = readNumber(line, i);
      const { end } = number;
      if (number.value === undefined) {
        // a date, a time, a version, a hash
        i = end;
        drop();
        continue;
      }
      const slash = totalAfter(line, end);
      if (words === 1 && slash && !progress && isPhase(line.slice(keyStart, keyEnd))) {
        drop(); // "Test: [10/79]": a counter of the test, whose losses follow
        progress = { n: number.value, total: slash.total };
      } else if (words > 0 && valueOk) {
        if (keyHeld && /step|epoch|iter|batch/i.test(line.slice(keyStart, keyEnd))) held = true;
        last = emit(number.value);
        if (slash) last.total = slash.total;
      } else if (slash && !progress) progress = { n: number.value, total: slash.total };
      else if (pairs.length === 0 && !epochBatch && line.trimStart().startsWith("[")) {
        epochBatch = tutorialCounter(line);
      }
      i = slash ? slash.end : unitEnd(line, end);
      continue;
    }
    if (c === 40) {
      const close = line.indexOf(")", i);
      if (close > i && close - i <= 24) {
        const inner = line.slice(i + 1, close).trim();
        const number = inner === "" || inner.endsWith("%") ? Number.NaN : Number(inner);
        if (last && !Number.isNaN(number)) {
          last.mean = number;
          i = close + 1;
          continue;
        }
        if (
          isWordStart(inner.charCodeAt(0)) &&
          nonFinite(inner.toLowerCase()) === undefined &&
          !/[\d:=]/.test(inner)
        ) {
          if (words > 0) {
            keyEnd = close + 1; // "elapsed time per iteration (s)", "Loss (train)"
            if (HELD_WORDS.has(inner.toLowerCase())) keyHeld = true;
          }
          i = close + 1;
          continue;
        }
        if (words === 0 && !isDigit(inner.charCodeAt(0)) && inner.charCodeAt(0) !== 46) {
          i = close + 1; // "(+nanz)", "(-)": remarks after a value
          continue;
        }
        if (words === 0 && inner.endsWith("%")) {
          i = close + 1;
          continue;
        }
      }
      i++;
      continue;
    }
    if (c === 45) {
      // "-inf" keeps its key, " - " ends one
      if (!isWordStart(line.charCodeAt(i + 1))) drop();
      i++;
      last = null;
      continue;
    }
    if (c === 58 || c === 61) assigned = true;
    if (c === 32 || c === 9 || c === 58 || c === 61 || c === 91 || c === 39 || c === 34) {
      i++;
      continue;
    }
    drop();
    last = null;
    i++;
  }
  return { pairs, progress, epochBatch };
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

/** A letter, an underscore, or an ideograph. */
function isWordStart(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95 || (c >= 0x3400 && c <= 0x9fff);
}

/** Letters, digits, and `_ @ . / -` between them. */
function wordEnd(line: string, from: number): number {
  let i = from + 1;
  for (; i < line.length; i++) {
    const c = line.charCodeAt(i);
    if (isWordStart(c) || isDigit(c)) continue;
    const joins = c === 64 || c === 46 || c === 47 || c === 45;
    const next = line.charCodeAt(i + 1);
    if (joins && (isWordStart(next) || (isDigit(next) && c !== 45))) continue;
    break;
  }
  return i;
}

function nonFinite(word: string): number | undefined {
  if (word === "nan") return Number.NaN;
  return word === "inf" || word === "infinity" ? Number.POSITIVE_INFINITY : undefined;
}

function isPhase(word: string): boolean {
  return HELD_WORDS.has(word.toLowerCase()) || TRAIN_WORDS.has(word.toLowerCase());
}

function wordFollows(line: string, at: number): boolean {
  return line.charCodeAt(at) === 32 && isWordStart(line.charCodeAt(at + 1));
}

/** Value undefined: not a measurement but a date, a time, a version or a hash; `end` is behind all of it. */
function readNumber(line: string, from: number): { value: number | undefined; end: number } {
  let i = from;
  let c = line.charCodeAt(i);
  if (c === 43 || c === 45) c = line.charCodeAt(++i);
  let dots = 0;
  while (isDigit(c) || c === 46) {
    if (c === 46) {
      if (!isDigit(line.charCodeAt(i + 1)) && dots > 0) break;
      dots++;
    }
    c = line.charCodeAt(++i);
  }
  const digitsEnd = i;
  if ((c | 32) === 101) {
    let e = i + 1;
    const s = line.charCodeAt(e);
    if (s === 43 || s === 45) e++;
    if (isDigit(line.charCodeAt(e))) {
      while (isDigit(line.charCodeAt(e))) e++;
      i = e;
      c = line.charCodeAt(i);
    }
  }
  const timeOrDate =
    digitsEnd === i &&
    ((c === 58 && isDigit(line.charCodeAt(i + 1)) && isDigit(line.charCodeAt(i + 2))) ||
      (c === 45 && i - from === 4 && isDigit(line.charCodeAt(i + 1))));
  if (timeOrDate || dots > 1) {
    while (isDigit(c) || c === 46 || c === 58 || c === 45 || (c === 44 && isDigit(line.charCodeAt(i + 1)))) {
      c = line.charCodeAt(++i);
    }
    return { value: undefined, end: i };
  }
  const value = Number(line.slice(from, i));
  // 3fa9c1: a hash, not 3 with a unit
  const end = unitEnd(line, i);
  for (let k = i; k < end; k++) if (isDigit(line.charCodeAt(k))) return { value: undefined, end };
  return { value: Number.isNaN(value) ? undefined : value, end: i };
}

/** Behind a unit glued to the number: `51.73ms`, `7%`, `5.0it/s`. */
function unitEnd(line: string, from: number): number {
  let i = from;
  for (; i < line.length; i++) {
    const c = line.charCodeAt(i);
    if (!isWordStart(c) && !isDigit(c) && c !== 37 && !(c === 47 && isWordStart(line.charCodeAt(i + 1))))
      break;
  }
  return i;
}

/** `/ 2983` behind a counter. */
function totalAfter(line: string, from: number): { total: number; end: number } | null {
  let i = from;
  while (line.charCodeAt(i) === 32) i++;
  if (line.charCodeAt(i) !== 47) return null;
  i++;
  while (line.charCodeAt(i) === 32) i++;
  const start = i;
  while (isDigit(line.charCodeAt(i))) i++;
  if (i === start || i - start > 15) return null;
  return { total: Number(line.slice(start, i)), end: i };
}

function tutorialCounter(line: string): [number, number] | null {
  const match = /^\s*\[\s*(\d{1,9}),\s*(\d{1,12})\]/.exec(line.slice(0, 64));
  return match ? [Number(match[1]), Number(match[2])] : null;
}
