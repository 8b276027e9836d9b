/**
 * One line of console output → tokens and a hash of all that is not a number, straight from its bytes: lines of the
 * same template have the same hash, so that a long log costs one pass and no strings.
 */
import { scanNumber } from "./number-token.ts";
import {
  isDigit,
  isLetter,
  isSpace,
  lowerWord,
  MAX_TOKENS,
  NUMBER,
  OPAQUE,
  PUNCT,
  type Tokens,
  WORD,
} from "./tokens.ts";

export interface LexOptions {
  /** "2,5" is two and a half. */
  readonly decimalComma: boolean;
  /** A NaN that may be a word is read as one. */
  readonly nanIsWord: boolean;
}

/** Digits glued to these count: `Epoch7`, `rank3`. Glued to any other word they belong to its name. */
const COUNTING = new Set(
  "epoch ep epochs step steps iter iteration it batch round rank default gpu worker device proc process node fold stage run trial generation gen update episode game level day".split(
    " ",
  ),
);
const WRAPPERS = new Set(
  "tensor array float float32 float64 devicearray ndarray variable parameter np.float32 np.float64 numpy.float32 numpy.float64 jnp.array tf.tensor".split(
    " ",
  ),
);
const MONTHS = new Set(
  "jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun".split(" "),
);
const FILE =
  /\.(?:py|pyc|cc|cpp|cxx|c|h|hpp|cu|java|scala|rs|go|kt|swift|rb|php|dart|jl|lua|pt|pth|ckpt|h5|hdf5|json|jsonl|txt|log|ya?ml|png|jpg|csv|tsv|np[yz]|bin|model|safetensors|index|meta|zip|tar|gz|pkl|pickle|onnx|md|params|caffemodel|prototxt|sh|toml|ini|cfg|pb|tfrecord|parquet|db|out|x)$/;

/** Reads lines into one set of tokens, used again for every line. */
export class Lexer {
  private readonly t: Tokens;
  private bytes: Uint8Array = new Uint8Array(0);
  private from = 0;
  private to = 0;
  private options: LexOptions = { decimalComma: false, nanIsWord: false };
  private h1 = 0;
  private h2 = 0;
  /** Of the last word: slashes in it, and whether a point is. */
  private slashes = 0;
  private dotted = false;

  constructor(tokens: Tokens) {
    this.t = tokens;
  }

  /** The line [from, to) of `bytes`. */
  line(bytes: Uint8Array, from: number, to: number, options: LexOptions): void {
    const { t } = this;
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.options = options;
    this.h1 = 0x811c9dc5;
    this.h2 = 0x9e3779b9;
    t.count = 0;
    t.doubtful = false;
    let i = from;
    while (i < to && t.count < MAX_TOKENS - 4) {
      const c = bytes[i]!;
      if (c <= 32) {
        i++;
        continue;
      }
      if (c >= 128) {
        const symbol = symbolLength(bytes, i);
        if (symbol > 0) {
          if (
            c === 0xe2 &&
            (bytes[i + 1] === 0x94 || bytes[i + 1] === 0x95) &&
            isPipe(bytes[i + 1]!, bytes[i + 2]!)
          )
            this.put(PUNCT, i, i + symbol);
          i += symbol;
          continue;
        }
      }
      if (isLetter(c)) {
        // u'name', as Python 2 prints it
        if (c === 117 && bytes[i + 1] === 39 && !(i > from && endsValue(bytes[i - 1]!))) i++;
        else i = this.readWord(i);
        continue;
      }
      const sign = (c === 45 || c === 43) && !(i > from && endsValue(bytes[i - 1]!));
      const first = sign ? bytes[i + 1] : c;
      if (sign && isLetter(first)) {
        let j = i + 1;
        while (isLetter(bytes[j])) j++;
        const value = j - i <= 14 ? this.nonFinite(i + 1, j) : undefined;
        if (value !== undefined && j <= to && !this.wordFollows(j)) {
          this.putNumber(i, j, c === 45 ? -value : value, j);
          i = j;
          continue;
        }
      }
      if (
        isDigit(first) ||
        (first === 46 && isDigit(bytes[i + (sign ? 2 : 1)]) && !(i > from && isDigit(bytes[i - 1])))
      ) {
        const n = scanNumber(bytes, i, to, options.decimalComma);
        if (n.end > to) n.end = to;
        if (!n.opaque && bytes[n.end] === 95) {
          let j = n.end;
          while (isLetter(bytes[j]) || isDigit(bytes[j])) j++;
          this.put(OPAQUE, i, j);
          i = j;
          continue;
        }
        if (n.opaque) this.put(OPAQUE, i, n.end);
        else this.putNumber(i, n.end, n.value, n.unit);
        i = n.end;
        continue;
      }
      i = this.readPunct(i, c);
    }
    t.hash = (this.h1 >>> 0) * 2097152 + ((this.h2 >>> 0) & 0x1fffff);
  }

  private put(kind: number, start: number, end: number): void {
    const { t, bytes } = this;
    const n = t.count++;
    t.kind[n] = kind;
    t.start[n] = start;
    t.end[n] = end;
    let { h1, h2 } = this;
    if (kind === WORD) {
      for (let k = start; k < end; k++) {
        h1 = Math.imul(h1 ^ bytes[k]!, 0x01000193);
        h2 = Math.imul(h2 + bytes[k]!, 0x85ebca6b) ^ (h2 >>> 13);
      }
      h1 = Math.imul(h1 ^ 257, 0x01000193);
    } else {
      const c = kind === PUNCT ? bytes[start]! : 256 + kind;
      h1 = Math.imul(h1 ^ c, 0x01000193);
      h2 = Math.imul(h2 + c, 0x85ebca6b) ^ (h2 >>> 13);
    }
    this.h1 = h1;
    this.h2 = h2;
  }

  private putNumber(start: number, end: number, value: number, unit: number): void {
    this.t.value[this.t.count] = value;
    this.t.unit[this.t.count] = unit;
    this.put(NUMBER, start, end);
  }

  private readWord(start: number): number {
    const { bytes } = this;
    const end = this.wordEnd(start);
    const isUrl = bytes[end] === 58 && bytes[end + 1] === 47 && bytes[end + 2] === 47;
    const inPath = this.dotted || this.slashes > 0;
    if (isUrl || this.slashes >= 3 || (inPath && FILE.test(lowerWord(bytes, start, end))))
      return this.opaqueTo(start, end);
    const read =
      this.readNonFinite(start, end) ||
      this.readWrapped(start, end) ||
      this.readGluedDigits(start, end) ||
      this.readDate(start, end);
    if (read > 0) return read;
    this.put(WORD, start, end);
    return end;
  }

  /** Behind a word with what is written into it: a path, a version, an address. Says how many slashes it has. */
  private wordEnd(start: number): number {
    const { bytes, to } = this;
    let j = start + 1;
    let path = 0;
    let dotted = false;
    for (; j < to; j++) {
      const c = bytes[j]!;
      if (c >= 128 ? symbolLength(bytes, j) === 0 : isLetter(c)) continue;
      if (isDigit(c)) {
        if (bytes[j - 1]! >= 128) break; // 第1轮
        continue;
      }
      const next = bytes[j + 1];
      if (c === 47 && path === 0 && !dotted && isDigit(next) && j + 1 < to) {
        const digits = countsFrom(bytes, start, j, to);
        if (digits > 0) {
          this.put(WORD, start, digits);
          return digits;
        }
      }
      if (j + 1 < to && (c === 46 || c === 47 || c === 64 || c === 45 || c === 92 || c === 39)) {
        if (
          c === 39
            ? isLetter(next) && isLetter(bytes[j - 1])
            : isLetter(next) ||
              (isDigit(next) && c !== 45 && (c !== 46 || dotted || path > 0 || !isDigit(bytes[j - 1]))) ||
              (c === 45 && path > 0 && isDigit(next))
        ) {
          if (c === 47 || c === 92) path++;
          else if (c === 46) dotted = true;
          else if (c === 64) {
            j++;
            while (isDigit(bytes[j]) || ((bytes[j] === 46 || bytes[j] === 58) && isDigit(bytes[j + 1]))) j++;
            j--;
          }
          continue;
        }
        if (c === 47 && next === 47 && bytes[j - 1] === 58) path = 9;
      }
      if (c === 46 && dotted && bytes[j - 2] === 46) j++; // C.E.
      break;
    }
    this.slashes = path;
    this.dotted = dotted;
    return j;
  }

  // each of these gives where what it has read ends; 0: the word is none of its kind

  private readNonFinite(start: number, end: number): number {
    const { bytes, t, options } = this;
    const c = bytes[start]! | 32;
    const likely =
      (c === 110 && (bytes[start + 1]! | 32) === 97) || (c === 105 && (bytes[start + 2]! | 32) === 102);
    if (!likely || end - start > 14) return 0;
    const value = this.nonFinite(start, end);
    if (value === undefined) return 0;
    const follows = this.wordFollows(end);
    if (follows) t.doubtful = true;
    if (options.nanIsWord || (!follows && t.doubtful)) return 0;
    const negative = !follows && bytes[start - 1] === 45 && t.count > 0 && t.kind[t.count - 1] === PUNCT;
    this.putNumber(start, end, negative ? -value : value, end);
    return end;
  }

  /** `Epoch7`: the digits count; glog's I0315. */
  private readGluedDigits(start: number, end: number): number {
    const { bytes } = this;
    if (!isDigit(bytes[end - 1])) return 0;
    let k = end - 1;
    while (k > start && isDigit(bytes[k - 1])) k--;
    const glog = k - start === 1 && end - k === 4 && isSpace(bytes[end]);
    if (glog && "IWEF".includes(String.fromCharCode(bytes[start]!))) return this.opaqueSpan(start, end);
    const dotted = bytes[k - 1] === 46 && k - start > 4; // "Epoch.12"
    const stemEnd = bytes[k - 1] === 95 || dotted ? k - 1 : k;
    if (!COUNTING.has(lowerWord(bytes, start, stemEnd))) return 0;
    this.put(WORD, start, stemEnd);
    return k;
  }

  /** `Mon 12`. */
  private readDate(start: number, end: number): number {
    const { bytes } = this;
    if (end - start !== 3 || bytes[end] !== 32 || !this.isDayOrMonth(start, end)) return 0;
    let k = end;
    while (bytes[k] === 32) k++;
    if (!isDigit(bytes[k])) return this.opaqueSpan(start, end);
    while (isDigit(bytes[k])) k++;
    return this.opaqueSpan(start, bytes[k] === 32 || bytes[k] === 44 ? k : end);
  }

  private isDayOrMonth(start: number, end: number): boolean {
    const { bytes } = this;
    const c = bytes[start]!;
    return c >= 65 && c <= 90 && MONTHS.has(lowerWord(bytes, start, end));
  }

  private opaqueSpan(start: number, end: number): number {
    this.put(OPAQUE, start, end);
    return end;
  }

  /** The rest of a path, with a line number behind it. */
  private opaqueTo(start: number, end: number): number {
    const { bytes, to } = this;
    let j = end;
    while (j < to && !isSpace(bytes[j]) && !`'"),;]|}>`.includes(String.fromCharCode(bytes[j]!))) j++;
    return this.opaqueSpan(start, j);
  }

  /** `tensor(2.3, device='cuda:0')`: its number, and nothing of the rest. */
  private readWrapped(start: number, open: number): number {
    const { bytes, to } = this;
    if (bytes[open] !== 40 || open - start > 13 || !WRAPPERS.has(lowerWord(bytes, start, open))) return 0;
    let j = open + 1;
    while (j < to && (bytes[j] === 91 || bytes[j] === 40 || bytes[j]! <= 32)) j++;
    let close = j;
    let depth = 1;
    while (close < to && depth > 0) {
      if (bytes[close] === 40) depth++;
      else if (bytes[close] === 41) depth--;
      close++;
    }
    const sign = bytes[j] === 45 || bytes[j] === 43;
    const at = sign ? j + 1 : j;
    if (isDigit(bytes[at]) || bytes[at] === 46) {
      const n = scanNumber(bytes, j, to, false);
      if (!n.opaque) {
        this.putNumber(start, close, n.value, close);
        return close;
      }
    } else {
      let k = at;
      while (isLetter(bytes[k])) k++;
      const value = this.nonFinite(at, k);
      if (value !== undefined) {
        this.putNumber(start, close, bytes[j] === 45 ? -value : value, close);
        return close;
      }
    }
    this.put(WORD, start, open);
    return open;
  }

  /** nan and inf as a word, with a unit or padding glued on. */
  private nonFinite(start: number, end: number): number | undefined {
    const { bytes } = this;
    const word = lowerWord(bytes, start, end);
    if (/^nan(?:x+|ms|s|it|nats|bits|dB)?$/i.test(word)) return Number.NaN;
    return /^inf(?:inity|ms|s)?$/.test(word) ? Number.POSITIVE_INFINITY : undefined;
  }

  private wordFollows(at: number): boolean {
    const { bytes, to } = this;
    return bytes[at] === 32 && isLetter(bytes[at + 1]) && at + 1 < to;
  }

  private readPunct(at: number, c: number): number {
    const { bytes, from, to, t } = this;
    const next = bytes[at + 1];
    if (c === 91) {
      const end = barEnd(bytes, at + 1, to);
      if (end > 0) return end;
    }
    if (c === 124 && t.count > 0 && t.kind[t.count - 1] === NUMBER && bytes[at - 1] === 37) {
      const end = tqdmEnd(bytes, at + 1, to);
      if (end > 0) return end;
    }
    if (c === next && bytes[at + 2] === c) {
      let j = at + 3;
      while (bytes[j] === c) j++;
      return j;
    }
    const begins =
      at === from || isSpace(bytes[at - 1]) || `'"=([`.includes(String.fromCharCode(bytes[at - 1]!));
    if (
      begins &&
      ((c === 47 && isLetter(next)) ||
        ((c === 46 || c === 126) && (next === 47 || (next === 46 && bytes[at + 2] === 47))))
    ) {
      return this.opaqueTo(at, at + 1);
    }
    if (c === 42 || c === 35) return at + 1;
    if (c === 34 || c === 39 || c === 96) {
      // a quote keeps words apart, but a value in quotes is the same value
      t.kind[t.count] = PUNCT;
      t.start[t.count] = at;
      t.end[t.count++] = at + 1;
      return at + 1;
    }
    this.put(PUNCT, at, at + 1);
    return at + 1;
  }
}

/** Where the n of `E100/500` begins, glued to a short word; 0 where the slash is no "of". */
function countsFrom(bytes: Uint8Array, start: number, slash: number, to: number): number {
  let from = slash;
  while (from > start && isDigit(bytes[from - 1])) from--;
  const stem = bytes[from - 1] === 95 ? from - 1 : from;
  if (from === slash || stem === start || stem - start > 9 || slash - from > 9) return 0;
  for (let i = start; i < stem; i++) if ((bytes[i]! | 32) < 97 || (bytes[i]! | 32) > 122) return 0;
  let end = slash + 1;
  while (end < to && isDigit(bytes[end])) end++;
  if (end < to && !isSpace(bytes[end]) && !"],;:|)".includes(String.fromCharCode(bytes[end]!))) return 0;
  return digitsValue(bytes, from, slash) <= digitsValue(bytes, slash + 1, end) ? from : 0;
}

function digitsValue(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 10 + bytes[i]! - 48;
  return value;
}

/** What a minus may not follow to be a sign. */
function endsValue(c: number): boolean {
  return isDigit(c) || isLetter(c) || c === 41 || c === 93;
}

/** Bytes of a symbol (a bar's block, an arrow, a dingbat, an emoji); 0 for a letter of some script. */
export function symbolLength(bytes: Uint8Array, at: number): number {
  const c = bytes[at]!;
  if (c === 0xe2) return 3;
  if (c === 0xf0) return 4;
  if (c === 0xc2) return bytes[at + 1] === 0xb5 ? 0 : 2;
  if (c === 0xe3 && bytes[at + 1] === 0x80) return 3;
  return c === 0xef && (bytes[at + 1] === 0xb8 || bytes[at + 1] === 0xbb) ? 3 : 0;
}

/** │ ┃ ║ and the like. */
function isPipe(second: number, third: number): boolean {
  return second === 0x94 ? third === 0x82 || third === 0x83 : third === 0x91;
}

/** Behind `[=====>....]`; 0 when the bracket holds something else. */
function barEnd(bytes: Uint8Array, from: number, to: number): number {
  let drawn = 0;
  for (let i = from; i < to && i - from < 300; i++) {
    const c = bytes[i]!;
    if (c === 93) return drawn >= 2 ? i + 1 : 0;
    if (c === 61 || c === 62 || c === 46 || c === 35 || c === 45 || c === 42) drawn++;
    else if (c === 0xe2) {
      drawn++;
      i += 2;
    } else if (c !== 32) return 0;
  }
  return 0;
}

/** Behind tqdm's `|###5   |`. */
function tqdmEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to && i - from < 1500; i++) {
    const c = bytes[i]!;
    if (c === 124) return i + 1;
    if (c === 0xe2) i += 2;
    else if (c !== 32 && c !== 35 && !isDigit(c)) return 0;
  }
  return 0;
}
