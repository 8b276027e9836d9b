/** Damage to files, drawn from a seed: the same seed, file and number give the same bytes. */

export interface Random {
  /** A whole number from 0 to n − 1. */
  readonly below: (n: number) => number;
}

/** mulberry32 (T. Ettinger, public domain). */
export function randomFrom(seed: number): Random {
  let a = seed >>> 0;
  return {
    below: (n) => {
      a = (a + 0x6d2b79f5) >>> 0;
      let t = Math.imul(a ^ (a >>> 15), 1 | a);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
    },
  };
}

const text = (s: string): Uint8Array => new TextEncoder().encode(s);

/** What readers treat in a way of its own. */
const TOKENS: readonly Uint8Array[] = [
  ...'nan NaN inf -inf 1e999 -1 0 -0 9007199254740993 1e-324 null true " "" \' , ; : \t \n \r \r\n { } [ ] ( ) = | % & * \\ \\u0000 # - + . e E'
    .split(" ")
    .map(text),
  ..."step loss epoch lr val_loss __proto__ constructor toString hasOwnProperty __metadata__ shape dtype data_offsets F32 descr fortran_order"
    .split(" ")
    .map(text),
  ...[
    "\u0000",
    "\u001b[31m",
    "\u202e",
    "\ufeff",
    "\u2028",
    "😀",
    "ﬀ",
    "１２",
    "  ",
    "<<: *a",
    "&a ",
    "!!binary ",
  ].map(text),
  Uint8Array.of(0xff),
  Uint8Array.of(0xc3),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0x1f, 0x8b, 8),
];

/** Lengths and counts that overflow, or promise more than there is. */
const SIZES: readonly number[] = [
  0,
  1,
  2,
  127,
  128,
  255,
  256,
  32767,
  65535,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

type Damage = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const splice = (bytes: Uint8Array, from: number, to: number, put: Uint8Array): Uint8Array => {
  const out = new Uint8Array(from + put.length + bytes.length - to);
  out.set(bytes.subarray(0, from));
  out.set(put, from);
  out.set(bytes.subarray(to), from + put.length);
  return out;
};
const place = (bytes: Uint8Array, random: Random): number => random.below(bytes.length + 1);
/** Short far more often than long. */
const length = (random: Random): number => 1 + random.below(2 ** random.below(11));
const changed = (bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array => {
  const copy = bytes.slice();
  if (copy.length > 0) change(copy);
  return copy;
};

const DAMAGES: readonly Damage[] = [
  // bits and bytes
  (b, r) => changed(b, (c) => (c[r.below(c.length)]! ^= 1 << r.below(8))),
  (b, r) => changed(b, (c) => (c[r.below(c.length)] = r.below(256))),
  // a size, little- or big-endian, as 16, 32 or 64 bits
  (b, r) =>
    changed(b, (c) => {
      const width = [2, 4, 8][r.below(3)]!;
      let value = SIZES[r.below(SIZES.length)]!;
      const at = r.below(c.length);
      const little = r.below(2) === 0;
      for (let i = 0; i < width; i++) {
        const to = little ? at + i : at + width - 1 - i;
        if (to < c.length) c[to] = value % 256;
        value = Math.floor(value / 256);
      }
    }),
  // a varint of ten bytes
  (b, r) => {
    const at = place(b, r);
    return splice(b, at, Math.min(b.length, at + 1), Uint8Array.of(...Array(r.below(10)).fill(0xff), 0x0f));
  },
  (b, r) => {
    const at = place(b, r);
    return splice(b, at, Math.min(b.length, at + length(r)), new Uint8Array(0));
  },
  (b, r) => b.slice(0, place(b, r)),
  (b, r) => {
    const at = place(b, r);
    return splice(b, at, at, TOKENS[r.below(TOKENS.length)]!);
  },
  (b, r) => {
    const at = place(b, r);
    const token = TOKENS[r.below(TOKENS.length)]!;
    return splice(b, at, Math.min(b.length, at + token.length), token);
  },
  // a part again, many times
  (b, r) => {
    const at = place(b, r);
    const part = b.subarray(at, at + length(r));
    const times = Math.min(2 ** r.below(11), Math.floor(20_000 / Math.max(1, part.length)));
    const put = new Uint8Array(part.length * times);
    for (let i = 0; i < times; i++) put.set(part, i * part.length);
    return splice(b, at, at, put);
  },
  // one character, many times: blanks, brackets, quotes
  (b, r) => {
    const at = place(b, r);
    const c = [0x20, 0x5b, 0x7b, 0x22, 0x28, 0x2c, 0x2d, 0x0a, 0x30, 0x3d, 0, 0xff][r.below(12)]!;
    return splice(b, at, at, new Uint8Array(2 ** r.below(14)).fill(c));
  },
  // two parts change places
  (b, r) => {
    const [i, j] = [place(b, r), place(b, r)].sort((x, y) => x - y) as [number, number];
    const n = length(r);
    return splice(
      splice(b, j, Math.min(b.length, j + n), b.slice(i, i + n)),
      i,
      Math.min(j, i + n),
      b.slice(j, j + n),
    );
  },
  // a part of another file
  (b, r, other) => {
    const [at, from] = [place(b, r), place(other, r)];
    return splice(b, at, at, other.subarray(from, from + length(r)));
  },
];

/** One to eight kinds of damage, one after another. */
export function mutate(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let out = bytes;
  for (let n = 1 + random.below(2 ** random.below(4)); n > 0; n--)
    out = DAMAGES[random.below(DAMAGES.length)]!(out, random, other);
  return out;
}
