/** Lines of bytes → templates with their numbers, in one pass and bounded memory. */
import { createForms } from "./forms.ts";
import { Order } from "./store.ts";
import type { Template } from "./template.ts";
import { createTokens, NUMBER, type Tokens } from "./tokens.ts";

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
  const order = new Order();
  const tokens = createTokens();
  const decoder = new TextDecoder();
  const recent: Place[] = [];
  const forms = createForms({
    decimalComma,
    tokens,
    place: () => order.length,
    context: () => recent.map((p) => decoder.decode(p.bytes.subarray(p.from, p.to))),
  });
  let held = 0;
  let long = 0;
  let sink: Miner["sink"] = null;
  const values: number[] = [];
  const at = (column: number): number => values[column]!;
  /** The last line without a number. */
  let bare: Template | null = null;

  const oneLine = (bytes: Uint8Array, from: number, to: number): void => {
    let end = to;
    while (end > from && bytes[end - 1]! <= 32) end--;
    if (end === from) return;
    if (end - from > MAX_LINE) {
      long++;
      return;
    }
    const template = forms.of(bytes, from, end);
    template.rows++;
    template.last = order.length;
    if (template.columns.length === 0) bare = template;
    else if (bare && bare.rows > 1 && order.length - bare.last <= CONTEXT) standsBelow(template.again, bare);
    if (sink) {
      collect(tokens, values);
      sink(template, at);
    } else {
      order.push(template.id);
      held += store(template, tokens);
    }
    if (recent.length === CONTEXT) recent.shift();
    recent.push({ bytes, from, to: Math.min(end, from + 1000) });
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
    templates: forms.byId,
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

/** So many lines may be a template's header. */
const HEADERS = 3;

function standsBelow(again: string[], { line }: Template): void {
  if (again.length < HEADERS && !again.includes(line)) again.push(line);
}

function collect(t: Tokens, values: number[]): void {
  values.length = 0;
  for (let i = 0; i < t.count; i++) if (t.kind[i] === NUMBER) values.push(t.value[i]!);
}

/** How many numbers it holds more. */
function store({ columns }: Template, t: Tokens): number {
  let k = 0;
  for (let i = 0; i < t.count && k < columns.length; i++) {
    if (t.kind[i] === NUMBER) columns[k++]!.push(t.value[i]!);
  }
  const stored = k;
  for (; k < columns.length; k++) columns[k]!.push(Number.NaN);
  return stored;
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
