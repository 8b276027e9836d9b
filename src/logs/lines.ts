/** Bytes in pieces → whole lines. A line longer than `MAX_LINE` is dropped and counted, so memory stays bounded. */

export const MAX_LINE: number = 8 << 20;

export interface LineCutter {
  /** `onBlock` gets whole lines, the last line end included. */
  push(bytes: Uint8Array): void;
  /** The unfinished last line, if any. */
  end(): void;
  readonly dropped: number;
}

/** Cuts at \n, or at \r as well where progress bars redraw a line. */
export function createLineCutter(
  onBlock: (block: Uint8Array) => void,
  { carriageReturns = false }: { carriageReturns?: boolean } = {},
): LineCutter {
  let carry: Uint8Array[] = [];
  let carried = 0;
  let skipping = false;
  let dropped = 0;
  const take = (rest: Uint8Array): Uint8Array => {
    if (carried === 0) return rest;
    const block = new Uint8Array(carried + rest.length);
    let at = 0;
    for (const piece of carry) {
      block.set(piece, at);
      at += piece.length;
    }
    block.set(rest, at);
    carry = [];
    carried = 0;
    return block;
  };
  return {
    push(bytes) {
      let start = 0;
      if (skipping) {
        const end = bytes.indexOf(10);
        if (end < 0) return;
        start = end + 1;
        skipping = false;
      }
      let last = bytes.lastIndexOf(10);
      if (carriageReturns) last = Math.max(last, bytes.lastIndexOf(13));
      if (last >= start) {
        onBlock(take(bytes.subarray(start, last + 1)));
        start = last + 1;
      }
      if (start < bytes.length) {
        carry.push(bytes.slice(start));
        carried += bytes.length - start;
        if (carried > MAX_LINE) {
          carry = [];
          carried = 0;
          skipping = true;
          dropped++;
        }
      }
    },
    end() {
      if (carried > 0) onBlock(take(new Uint8Array(0)));
    },
    get dropped() {
      return dropped;
    },
  };
}

/** Calls `onLine` for every line of a decoded block, without its line end; \r counts as one too. */
export function eachLine(text: string, onLine: (line: string) => void): void {
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c !== 10 && c !== 13) continue;
    if (i > start) onLine(text.slice(start, i));
    start = i + 1;
  }
  if (start < text.length) onLine(text.slice(start));
}
