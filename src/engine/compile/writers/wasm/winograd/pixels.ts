/** Images turned so that a pixel's channels lie side by side, and back. */
import type { FunctionWriter, Local } from "../assembler/assembler.ts";
import { advance, locals } from "../gemm/tile.ts";
import { repeat } from "./repeat.ts";

/** Four vectors as rows of a square: the square turned. */
function turn(f: FunctionWriter, [a, b, c, d]: readonly Local[]): void {
  const t = locals(f, "v128", 4);
  f.get(a!).get(b!).shuffle32(0, 4, 1, 5).set(t[0]!);
  f.get(a!).get(b!).shuffle32(2, 6, 3, 7).set(t[1]!);
  f.get(c!).get(d!).shuffle32(0, 4, 1, 5).set(t[2]!);
  f.get(c!).get(d!).shuffle32(2, 6, 3, 7).set(t[3]!);
  f.get(t[0]!).get(t[2]!).shuffle32(0, 1, 4, 5).set(a!);
  f.get(t[0]!).get(t[2]!).shuffle32(2, 3, 6, 7).set(b!);
  f.get(t[1]!).get(t[3]!).shuffle32(0, 1, 4, 5).set(c!);
  f.get(t[1]!).get(t[3]!).shuffle32(2, 3, 6, 7).set(d!);
  f.release("v128", ...t);
}

/** Images in memory, channel by channel; strides in bytes. */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly plane: number;
  readonly line: number;
}
/** Pixels with their channels side by side: so many bytes each, so many in a row. */
export interface Pixels {
  readonly at: number;
  readonly bytes: number;
  readonly pitch: number;
}

/**
 * `rows` rows of an image at `image`, from row `first` on and `left` columns before its first, as pixels. What lies outside is
 * 0. Whole vectors are read: up to 12 bytes beyond a row.
 */
export function toPixels(
  f: FunctionWriter,
  s: Planes,
  to: Pixels,
  { image, first, rows, left }: { image: Local; first: Local; rows: number; left: number },
): void {
  const [y, q, line] = locals(f, "i32", 3) as [Local, Local, Local];
  const row = to.pitch * to.bytes;
  const end = Math.min(to.pitch, s.width + left);
  f.get(first).set(y).i32(to.at).set(q);
  repeat(f, rows, [[y, 1], [q, row]], () => {
    f.get(y).i32(s.height).op("i32.ge_u").if(
      () => f.get(q).i32(0).i32(row).fill(),
      () => {
        if (left > 0) f.get(q).i32(0).i32(left * to.bytes).fill();
        if (end < to.pitch) f.get(q).i32(end * to.bytes).op("i32.add").i32(0).i32((to.pitch - end) * to.bytes).fill();
        f.get(image).get(y).i32(s.line).op("i32.mul").op("i32.add").set(line);
        lineToPixels(f, s, { line, to: q, skip: left * to.bytes, count: end - left, bytes: to.bytes });
      },
    );
  }); // biome-ignore format: one loop
  f.release("i32", y, q, line);
}

function lineToPixels(
  f: FunctionWriter,
  s: Planes,
  w: { line: Local; to: Local; skip: number; count: number; bytes: number },
): void {
  const [p, q] = locals(f, "i32", 2) as [Local, Local];
  const r = locals(f, "v128", 4);
  const square = (channels: number, pixels: number): void => {
    r.forEach((v, l) => {
      if (l < channels)
        f.get(p)
          .memory("v128.load", l * s.plane)
          .set(v);
      else f.splat("i32x4", 0).set(v);
    });
    turn(f, r);
    for (let l = 0; l < pixels; l++)
      f.get(q)
        .get(r[l]!)
        .memory("v128.store", w.skip + l * w.bytes);
  };
  const four = (channels: number): void => {
    f.get(w.line).set(p).get(w.to).set(q);
    if (w.count >= 4)
      repeat(f, Math.floor(w.count / 4), [[p, 16], [q, 4 * w.bytes]], () => square(channels, 4)); // biome-ignore format: one call
    if (w.count % 4 !== 0) square(channels, w.count % 4);
  };
  const whole = Math.floor(s.channels / 4);
  const moves = [[w.line, 4 * s.plane], [w.to, 16]] as const; // biome-ignore format: pairs
  if (whole > 0) repeat(f, whole, moves, () => four(4));
  if (s.channels % 4 !== 0) four(s.channels % 4);
  // as they were
  advance(f, w.to, () => f.i32(-16 * whole));
  f.release("v128", ...r).release("i32", p, q);
}

/** `rows` rows of pixels to an image at `image`, from row `first` on, as far as it goes. */
export function fromPixels(
  f: FunctionWriter,
  s: Planes,
  from: Pixels,
  { image, first, rows }: { image: Local; first: Local; rows: number },
): void {
  const [y, q, p, start, line, to] = locals(f, "i32", 6) as [Local, Local, Local, Local, Local, Local];
  const r = locals(f, "v128", 4);
  const square = (channels: number, pixels: number): void => {
    r.forEach((v, l) => void f.get(p).memory("v128.load", l * from.bytes).set(v)); // biome-ignore format: one load
    turn(f, r);
    for (let c = 0; c < channels; c++) {
      if (pixels === 4)
        f.get(to)
          .get(r[c]!)
          .memory("v128.store", c * s.plane);
      else
        for (let l = 0; l < pixels; l++)
          f.get(to)
            .get(r[c]!)
            .laneMemory("v128.store32_lane", l, c * s.plane + 4 * l);
    }
  };
  const four = (channels: number): void => {
    f.get(start).set(p).get(line).set(to);
    if (s.width >= 4)
      repeat(f, Math.floor(s.width / 4), [[p, 4 * from.bytes], [to, 16]], () => square(channels, 4)); // biome-ignore format: one call
    if (s.width % 4 !== 0) square(channels, s.width % 4);
  };
  const whole = Math.floor(s.channels / 4);
  f.get(first).set(y).i32(from.at).set(q);
  repeat(f, rows, [[y, 1], [q, from.pitch * from.bytes]], () => {
    f.get(y).i32(s.height).op("i32.lt_u").if(() => {
      f.get(q).set(start).get(image).get(y).i32(s.line).op("i32.mul").op("i32.add").set(line);
      if (whole > 0) repeat(f, whole, [[start, 16], [line, 4 * s.plane]], () => four(4));
      if (s.channels % 4 !== 0) four(s.channels % 4);
    });
  }); // biome-ignore format: one loop
  f.release("v128", ...r).release("i32", y, q, p, start, line, to);
}
