/** Lines of bytes → templates with their numbers, in one pass and bounded memory. */
import { type Pattern, patternOf, readAgain } from "./again.ts";
import { Lexer } from "./lex.ts";
import { Order } from "./store.ts";
import { makeTemplate, type Template } from "./template.ts";
import { createTokens, NUMBER, type Tokens } from "./tokens.ts";

/** Line forms kept; beyond that the oldest that came once are forgotten. */
const MAX_TEMPLATES = 2000;
const CONTEXT = 3;

export interface Miner {
  /** Whole lines. */
  block(bytes: Uint8Array): void;
  readonly templates: ReadonlyMap<number, Template>;
  readonly order: Order;
  /** Numbers held. */
  readonly held: number;
  readonly long: number;
  /** Called with each line instead of keeping it, once set. */
  sink: ((template: Template, at: (column: number) => number) => void) | null;
}

interface Place {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

const MAX_LINE = 1 << 16;

export function createMiner({ decimalComma }: { decimalComma: boolean }): Miner {
  const byHash = new Map<number, Template>();
  const byId = new Map<number, Template>();
  const order = new Order();
  const tokens = createTokens();
  const lexer = new Lexer(tokens);
  const decoder = new TextDecoder();
  const recent: Place[] = [];
  let nextId = 0;
  let held = 0;
  let long = 0;
  const plain = { decimalComma, nanIsWord: false };
  const worded = { decimalComma, nanIsWord: true };
  let sink: Miner["sink"] = null;
  const values: number[] = [];
  const at = (column: number): number => values[column]!;

  /** Line forms with the one that came after each the last time: what the next line is likely to be. */
  const patterns = new Map<Template, Pattern>();
  const follower = new Map<Template, Template>();
  let last: Template | null = null;
  /** The last line without a number. */
  let bare: Template | null = null;

  const guessed = (bytes: Uint8Array, from: number, to: number): Template | null => {
    if (!last) return null;
    const likely = follower.get(last) ?? last;
    const pattern = patterns.get(likely);
    return pattern && readAgain(pattern, bytes, from, { to, decimalComma, t: tokens }) ? likely : null;
  };

  const templateFor = (bytes: Uint8Array, from: number, to: number): Template => {
    lexer.line(bytes, from, to, plain);
    let known = byHash.get(tokens.hash);
    if (known) return known;
    if (tokens.doubtful) {
      lexer.line(bytes, from, to, worded);
      known = byHash.get(tokens.hash);
      if (known) return known;
      if (
        !/(?:nan|inf)\s+(?:iter|val|grad|loss\w*\s+(?:count|detected)|step|in\b|or\b|detected|found|check|weights|values)/i.test(
          decoder.decode(bytes.subarray(from, to)),
        )
      )
        lexer.line(bytes, from, to, plain);
      known = byHash.get(tokens.hash);
      if (known) return known;
    }
    const context = recent.map((p) => decoder.decode(p.bytes.subarray(p.from, p.to)));
    const made = makeTemplate(nextId++, order.length, { bytes, from, to, tokens, context });
    byHash.set(tokens.hash, made);
    byId.set(made.id, made);
    const pattern = patternOf(bytes, from, to, tokens);
    if (pattern) patterns.set(made, pattern);
    if (byHash.size > MAX_TEMPLATES) evict();
    return made;
  };

  /** Forgets the oldest third of the forms that came only once; if all came again, the rarest. */
  const evict = (): void => {
    let rowLimit = 1;
    let left = Math.ceil(MAX_TEMPLATES / 3);
    while (left > 0 && rowLimit < 1e9) {
      for (const [hash, template] of byHash) {
        if (left === 0) break;
        if (template.rows > rowLimit || template.id === nextId - 1) continue;
        byHash.delete(hash);
        byId.delete(template.id);
        patterns.delete(template);
        follower.delete(template);
        left--;
      }
      rowLimit *= 4;
    }
  };

  const oneLine = (bytes: Uint8Array, from: number, to: number): void => {
    let end = to;
    while (end > from && bytes[end - 1]! <= 32) end--;
    if (end === from) return;
    if (end - from > MAX_LINE) {
      long++;
      return;
    }
    const template = guessed(bytes, from, end) ?? templateFor(bytes, from, end);
    if (last && follower.get(last) !== template) follower.set(last, template);
    last = template;
    template.rows++;
    template.last = order.length;
    if (template.columns.length === 0) bare = template;
    else if (template.again === null && bare && bare.rows > 1 && order.length - bare.last <= CONTEXT)
      template.again = bare.line;
    if (sink) {
      collect(tokens);
      sink(template, at);
    } else {
      order.push(template.id);
      store(template, tokens);
    }
    if (recent.length === CONTEXT) recent.shift();
    recent.push({ bytes, from, to: Math.min(end, from + 1000) });
  };

  const collect = (t: Tokens): void => {
    values.length = 0;
    for (let i = 0; i < t.count; i++) if (t.kind[i] === NUMBER) values.push(t.value[i]!);
  };

  const store = (template: Template, t: Tokens): void => {
    const { columns } = template;
    let k = 0;
    for (let i = 0; i < t.count && k < columns.length; i++) {
      if (t.kind[i] !== NUMBER) continue;
      columns[k++]!.push(t.value[i]!);
      held++;
    }
    for (; k < columns.length; k++) columns[k]!.push(Number.NaN);
  };

  return {
    block(raw) {
      const bytes = tidy(raw);
      let from = 0;
      let newline = bytes.indexOf(10);
      let back = bytes.indexOf(13);
      while (from < bytes.length) {
        const first = newline < 0 ? back : back < 0 ? newline : Math.min(newline, back);
        const end = first < 0 ? bytes.length : first;
        if (end > from) oneLine(bytes, from, end);
        from = end + 1;
        if (newline >= 0 && newline < from) newline = bytes.indexOf(10, from);
        if (back >= 0 && back < from) back = bytes.indexOf(13, from);
      }
      for (let i = 0; i < recent.length; i++) {
        const { bytes: b, from: f, to } = recent[i]!;
        recent[i] = { bytes: b.slice(f, to), from: 0, to: to - f };
      }
    },
    templates: byId,
    order,
    get held() {
      return held;
    },
    get long() {
      return long;
    },
    get sink() {
      return sink;
    },
    set sink(to) {
      sink = to;
    },
  };
}

/** Without colours, redrawn text and full-width punctuation; the same bytes where there is none of it. */
function tidy(bytes: Uint8Array): Uint8Array {
  const wide = !isAscii(bytes) && hasWide(bytes);
  if (!wide && !bytes.includes(27) && !bytes.includes(8)) return bytes;
  let text = new TextDecoder().decode(bytes);
  text = text
    .replace(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007]{0,200}\u0007|[@-_])/g, "")
    .replace(/\u0008+/g, "\n");
  if (wide)
    text = text
      .replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
      .replace(/\u3000/g, " ")
      .replace(/[、。]/g, ", ")
      .replace(/[【「『]/g, "[")
      .replace(/[】」』]/g, "]")
      .replace(/\u2212/g, "-");
  return new TextEncoder().encode(text);
}

/** Four bytes at a time. */
function isAscii(bytes: Uint8Array): boolean {
  let i = 0;
  while (i < bytes.length && (bytes.byteOffset + i) % 4 !== 0) if (bytes[i++]! > 127) return false;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + i, (bytes.length - i) >> 2);
  for (let w = 0; w < words.length; w++) if ((words[w]! & 0x80808080) !== 0) return false;
  for (i += words.length * 4; i < bytes.length; i++) if (bytes[i]! > 127) return false;
  return true;
}

function hasWide(bytes: Uint8Array): boolean {
  for (let i = bytes.indexOf(0xef); i >= 0; i = bytes.indexOf(0xef, i + 1))
    if (bytes[i + 1] === 0xbc || bytes[i + 1] === 0xbd) return true;
  for (let i = bytes.indexOf(0xe3); i >= 0; i = bytes.indexOf(0xe3, i + 1))
    if (bytes[i + 1] === 0x80) return true;
  for (let i = bytes.indexOf(0xe2); i >= 0; i = bytes.indexOf(0xe2, i + 1))
    if (bytes[i + 1] === 0x88 && bytes[i + 2] === 0x92) return true;
  return false;
}
