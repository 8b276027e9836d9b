/**
 * 3×3 convolutions in WebAssembly after Winograd: the steps of the C writer's runtime, on vectors of four channels. All sizes
 * are known when the code is written; only where an image ends is asked while it runs.
 */
import type { Operand, WinogradKernel } from "../../../kernels.ts";
import { FunctionWriter, type Local } from "../assembler/assembler.ts";
import { elements, locals } from "../gemm/tile.ts";
import type { WinogradContext, WinogradWriter } from "../module.ts";
import { fromPixels, type Pixels, type Planes, toPixels } from "./pixels.ts";
import { planeProduct } from "./plane-product.ts";
import { repeat } from "./repeat.ts";
import { filterIn, filterOut, type Tiles, tilesBack, tilesIn, tilesOut } from "./transforms.ts";

/** Tiles that are done at a time, at most; rows of them where a row has more. */
const TILES = 128;
/** Planes and images keep off powers of two, which would share cache sets. */
const APART = 64;

interface Layout {
  readonly cp: number;
  readonly kp: number;
  readonly bands: number;
  /** The images as they come and with channels side by side; the results likewise. */
  readonly seen: Pixels;
  readonly made: Pixels;
  readonly tilesIn: Tiles;
  readonly tilesOut: Tiles;
  /** Transformed gradients of the weight. */
  readonly sums: number;
  readonly bytes: number;
}

/** Where everything lies from `at` on. Bands are parts of equal height: a weight's gradient adds up each row once. */
function layout({ sizes, does }: WinogradKernel, at: number): Layout {
  const { channels, outputs, rows, columns } = sizes;
  const [down, across] = [Math.ceil(rows / 2), Math.ceil(columns / 2)];
  const heights = Array.from({ length: down }, (_, i) => down - i);
  const band = heights.find((h) => down % h === 0 && h * across <= TILES) ?? 1;
  const [cp, kp] = [Math.ceil(channels / 4) * 16, Math.ceil(outputs / 4) * 16];
  const tiles = band * across;
  const pixels = (2 * band + 2) * (2 * across + 2) * Math.max(cp, kp) + 4 * kp + APART;
  const [inStep, outStep] = [tiles * cp + APART, tiles * kp + APART];
  const inAt = at + pixels;
  const outAt = inAt + 16 * inStep;
  const sums = outAt + 16 * outStep;
  return {
    cp,
    kp,
    bands: down / band,
    seen: { at, bytes: cp, pitch: 2 * across + 2 },
    made: { at, bytes: kp, pitch: 2 * across },
    tilesIn: { band, across, at: inAt, step: inStep },
    tilesOut: { band, across, at: outAt, step: outStep },
    sums,
    bytes: sums - at + (does === "weight" ? 16 * outputs * cp : 0),
  };
}

export const winogradWriter: WinogradWriter = {
  scratch: (k) => (k.does === "filter" ? 0 : layout(k, 0).bytes),
  emit,
};

function emit(k: WinogradKernel, context: WinogradContext): FunctionWriter {
  const f = new FunctionWriter();
  const place = ({ buffer, view }: Operand): number => context.addressOf(buffer) + view.offset * 4;
  const at: Places = { from: k.from.map(place), to: context.addressOf(k.to) };
  if (k.does === "filter") filter(f, k, at);
  else if (k.does === "image") image(f, k, at, context);
  else weight(f, k, at, context);
  return f;
}

interface Places {
  readonly from: readonly number[];
  readonly to: number;
}

function filter(f: FunctionWriter, { sizes: { channels, outputs } }: WinogradKernel, at: Places): void {
  const [w, to, column] = locals(f, "i32", 3) as [Local, Local, Local];
  const kp = Math.ceil(outputs / 4) * 16;
  const step = channels * 36;
  const four = (lanes: number): void => filterIn(f, { weight: w, step, lanes }, { to, plane: channels * kp });
  f.i32(at.from[0]!).set(column).i32(at.to).set(to);
  repeat(f, channels, [[column, 36]], () => {
    f.get(column).set(w);
    const whole = Math.floor(outputs / 4);
    if (whole > 0) repeat(f, whole, [[w, 4 * step], [to, 16]], () => four(4));
    if (outputs % 4 !== 0) repeat(f, 1, [[to, 16]], () => four(outputs % 4));
  }); // biome-ignore format: one loop
}

/** The images of a kernel in memory, and its results: [images, outputs, rows, columns] in a row. */
function planesOf({ sizes, from }: WinogradKernel): { x: Planes; y: Planes; image: number; result: number } {
  const { channels, outputs, rows, columns } = sizes;
  const { shape, strides } = from[0]!.view;
  const [image, plane, line] = strides.map((s) => s * 4) as [number, number, number];
  const size = rows * columns * 4;
  return {
    x: { channels, height: shape[2]!, width: shape[3]!, plane, line },
    y: { channels: outputs, height: rows, width: columns, plane: size, line: columns * 4 },
    image,
    result: outputs * size,
  };
}

function image(f: FunctionWriter, k: WinogradKernel, at: Places, { fma, scratch }: WinogradContext): void {
  const { images, channels, top, left } = k.sizes;
  const l = layout(k, scratch);
  const { band, across } = l.tilesIn;
  const { x, y, image: step, result } = planesOf(k);
  const [from, to, first, seen, a, b, c] = locals(f, "i32", 7) as Local[];
  f.i32(at.from[0]!).set(from!).i32(at.to).set(to!);
  repeat(f, images, [[from!, step], [to!, result]], () => {
    f.i32(0).set(first!).i32(-top).set(seen!);
    repeat(f, l.bands, [[first!, 2 * band], [seen!, 2 * band]], () => {
      toPixels(f, x, l.seen, { image: from!, first: seen!, rows: 2 * band + 2, left });
      tilesIn(f, l.tilesIn, l.seen);
      f.i32(l.tilesIn.at).set(a!).i32(at.from[1]!).set(b!).i32(l.tilesOut.at).set(c!);
      repeat(f, 16, [[a!, l.tilesIn.step], [b!, channels * l.kp], [c!, l.tilesOut.step]], () =>
        planeProduct(f, { element: elements.float32, fma }, {
          a: a!, b: b!, c: c!, aRow: l.cp, aColumn: 4, bRow: l.kp, cRow: l.kp,
          m: band * across, vectors: l.kp / 16, k: channels, add: false,
        }));
      tilesOut(f, l.tilesOut, l.made);
      fromPixels(f, y, l.made, { image: to!, first: first!, rows: 2 * band });
    });
  }); // biome-ignore format: nested loops
}

function weight(f: FunctionWriter, k: WinogradKernel, at: Places, { fma, scratch }: WinogradContext): void {
  const { images, channels, outputs, top, left, together } = k.sizes;
  const l = layout(k, scratch);
  const { band, across } = l.tilesIn;
  const { x, y, image: step, result } = planesOf(k);
  const [from, gradient, to, first, seen, a, b, c] = locals(f, "i32", 8) as Local[];
  const plane = outputs * l.cp;
  const group = (count: number): void => {
    f.i32(l.sums).i32(0).i32(16 * plane).fill();
    repeat(f, count, [[from!, step], [gradient!, result]], () => {
      f.i32(0).set(first!).i32(-top).set(seen!);
      repeat(f, l.bands, [[first!, 2 * band], [seen!, 2 * band]], () => {
        toPixels(f, x, l.seen, { image: from!, first: seen!, rows: 2 * band + 2, left });
        tilesIn(f, l.tilesIn, l.seen);
        toPixels(f, y, l.made, { image: gradient!, first: first!, rows: 2 * band, left: 0 });
        tilesBack(f, l.tilesOut, l.made);
        f.i32(l.tilesOut.at).set(a!).i32(l.tilesIn.at).set(b!).i32(l.sums).set(c!);
        repeat(f, 16, [[a!, l.tilesOut.step], [b!, l.tilesIn.step], [c!, plane]], () =>
          planeProduct(f, { element: elements.float32, fma }, {
            a: a!, b: b!, c: c!, aRow: 4, aColumn: l.kp, bRow: l.cp, cRow: l.cp,
            m: outputs, vectors: l.cp / 16, k: band * across, add: true,
          }));
      });
    });
    f.i32(l.sums).set(c!);
    repeat(f, outputs, [], () => {
      const four = (lanes: number): void => filterOut(f, { from: c!, plane, lanes }, to!);
      const whole = Math.floor(channels / 4);
      if (whole > 0) repeat(f, whole, [[c!, 16], [to!, 144]], () => four(4));
      if (channels % 4 !== 0) repeat(f, 1, [[c!, 16], [to!, (channels % 4) * 36]], () => four(channels % 4));
    });
  }; // biome-ignore format: nested loops
  f.i32(at.from[0]!).set(from!).i32(at.from[1]!).set(gradient!).i32(at.to).set(to!);
  const whole = Math.floor(images / together);
  if (whole > 0) repeat(f, whole, [], () => group(together));
  if (images % together !== 0) group(images % together);
}
