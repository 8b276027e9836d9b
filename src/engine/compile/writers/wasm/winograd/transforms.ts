/** Winograd's transforms, F(2×2, 3×3), of a vector of channels or outputs at a time. */
import type { FunctionWriter, Local } from "../assembler/assembler.ts";
import { locals } from "../gemm/tile.ts";
import type { Pixels } from "./pixels.ts";
import { repeat } from "./repeat.ts";

const sum = (f: FunctionWriter, a: Local, b: Local): FunctionWriter => f.get(a).get(b).op("f32x4.add");
const difference = (f: FunctionWriter, a: Local, b: Local): FunctionWriter => f.get(a).get(b).op("f32x4.sub");
const half = (f: FunctionWriter): FunctionWriter => f.splat("f32x4", 0.5).op("f32x4.mul");

/** Tiles of a band of an image: their places, and 16 planes of them, `step` bytes apart. */
export interface Tiles {
  readonly band: number;
  readonly across: number;
  readonly at: number;
  readonly step: number;
}

/** Each vector of each tile: `pixel` is at its first pixel in `pixels`, `tile` at its place in the first plane. */
function eachTile(
  f: FunctionWriter,
  t: Tiles,
  pixels: Pixels,
  body: (pixel: Local, tile: Local) => void,
): void {
  const [pixel, tile] = locals(f, "i32", 2) as [Local, Local];
  f.i32(pixels.at).set(pixel).i32(t.at).set(tile);
  repeat(f, t.band, [[pixel, (2 * pixels.pitch - 2 * t.across) * pixels.bytes]], () => {
    repeat(f, t.across, [[pixel, pixels.bytes]], () => {
      repeat(f, pixels.bytes / 16, [[pixel, 16], [tile, 16]], () => body(pixel, tile));
    });
  }); // biome-ignore format: nested loops
  f.release("i32", pixel, tile);
}

/** Four numbers that go into a tile, by rows or by columns. */
const inwards = (f: FunctionWriter, [a, b, c, d]: readonly Local[]): (() => void)[] => [
  () => difference(f, a!, c!),
  () => sum(f, b!, c!),
  () => difference(f, c!, b!),
  () => difference(f, b!, d!),
];
const outwards = (f: FunctionWriter, [a, b, c, d]: readonly Local[]): (() => void)[] => [
  () => sum(f, a!, b!).get(c!).op("f32x4.add"),
  () => difference(f, b!, c!).get(d!).op("f32x4.sub"),
];
/** The adjoint of `outwards`. */
const back = (f: FunctionWriter, [a, b]: readonly Local[]): (() => void)[] => [
  () => f.get(a!),
  () => sum(f, a!, b!),
  () => difference(f, a!, b!),
  () => f.get(b!).op("f32x4.neg"),
];
const filtered = (f: FunctionWriter, [a, b, c]: readonly Local[]): (() => void)[] => [
  () => f.get(a!),
  () => half(sum(f, a!, c!).get(b!).op("f32x4.add")),
  () => half(sum(f, a!, c!).get(b!).op("f32x4.sub")),
  () => f.get(c!),
];
/** The adjoint of `filtered`. */
const unfiltered = (f: FunctionWriter, [a, b, c, d]: readonly Local[]): (() => void)[] => [
  () =>
    half(sum(f, b!, c!))
      .get(a!)
      .op("f32x4.add"),
  () => half(difference(f, b!, c!)),
  () =>
    half(sum(f, b!, c!))
      .get(d!)
      .op("f32x4.add"),
];

type Transform = typeof inwards;

/** A square of `from` × `from` numbers, transformed by columns and then by rows. */
function transform(
  f: FunctionWriter,
  by: Transform,
  { from, to }: { from: number; to: number },
  load: (row: number, column: number) => void,
  store: (row: number, column: number, value: () => void) => void,
): void {
  const t = locals(f, "v128", to * from);
  const column = locals(f, "v128", from);
  for (let j = 0; j < from; j++) {
    column.forEach((v, i) => {
      load(i, j);
      f.set(v);
    });
    by(f, column).forEach((value, i) => {
      value();
      f.set(t[i * from + j]!);
    });
  }
  for (let i = 0; i < to; i++) {
    const row = t.slice(i * from, (i + 1) * from);
    by(f, row).forEach((value, j) => void store(i, j, value)); // biome-ignore format: one store
  }
  f.release("v128", ...t, ...column);
}

/** `from`×`from` pixels of each tile to its place in 16 planes. */
const tilesTo = (f: FunctionWriter, t: Tiles, pixels: Pixels, by: typeof inwards, from: number): void =>
  eachTile(f, t, pixels, (pixel, tile) =>
    transform(
      f,
      by,
      { from, to: 4 },
      (i, j) => f.get(pixel).memory("v128.load", (i * pixels.pitch + j) * pixels.bytes),
      (i, j, value) => {
        f.get(tile);
        value();
        f.memory("v128.store", (4 * i + j) * t.step);
      },
    ),
  );

/** 4×4 pixels of each tile to its place in 16 planes. */
export const tilesIn = (f: FunctionWriter, t: Tiles, pixels: Pixels): void =>
  tilesTo(f, t, pixels, inwards, 4);

/** 16 planes to the 2×2 pixels of each tile. */
export const tilesOut = (f: FunctionWriter, t: Tiles, pixels: Pixels): void =>
  eachTile(f, t, pixels, (pixel, tile) =>
    transform(
      f,
      outwards,
      { from: 4, to: 2 },
      (i, j) => f.get(tile).memory("v128.load", (4 * i + j) * t.step),
      (i, j, value) => {
        f.get(pixel);
        value();
        f.memory("v128.store", (i * pixels.pitch + j) * pixels.bytes);
      },
    ),
  );

/** The adjoint of `tilesOut`. */
export const tilesBack = (f: FunctionWriter, t: Tiles, pixels: Pixels): void =>
  tilesTo(f, t, pixels, back, 2);

/** 3×3 numbers of up to four outputs at `weight`, `step` bytes apart, to 16 planes at `to`, `plane` bytes apart. */
export function filterIn(
  f: FunctionWriter,
  { weight, step, lanes }: { weight: Local; step: number; lanes: number },
  { to, plane }: { to: Local; plane: number },
): void {
  const v = f.local("v128");
  const load = (i: number, j: number): void => {
    f.splat("i32x4", 0).set(v);
    for (let l = 0; l < lanes; l++)
      f.get(weight)
        .get(v)
        .laneMemory("v128.load32_lane", l, l * step + (3 * i + j) * 4)
        .set(v);
    f.get(v);
  };
  transform(f, filtered, { from: 3, to: 4 }, load, (i, j, value) => {
    f.get(to);
    value();
    f.memory("v128.store", (4 * i + j) * plane);
  });
  f.release("v128", v);
}

/** The adjoint: 16 planes at `from` to 3×3 numbers of up to four channels, side by side at `to`. */
export function filterOut(
  f: FunctionWriter,
  { from, plane, lanes }: { from: Local; plane: number; lanes: number },
  to: Local,
): void {
  const v = f.local("v128");
  const load = (i: number, j: number): void => void f.get(from).memory("v128.load", (4 * i + j) * plane);
  transform(f, unfiltered, { from: 4, to: 3 }, load, (i, j, value) => {
    value();
    f.set(v);
    for (let l = 0; l < lanes; l++)
      f.get(to)
        .get(v)
        .laneMemory("v128.store32_lane", l, l * 36 + (3 * i + j) * 4);
  });
  f.release("v128", v);
}
