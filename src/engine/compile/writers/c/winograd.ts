/** Writes the parts of a convolution after Winograd: calls of the runtime, with the sizes in a constant. */
import type { WinogradKernel } from "../../kernels.ts";
import type { KernelText, WriteContext } from "./loop.ts";

/** Multiply-adds that a core does in a nanosecond here, transforms included. */
const MACS_PER_NS = 20;
/** Tiles of a part: enough to repay reading the weight, few enough that they stay in the second-level cache. */
const TILES = 128;
const NUMBERS = 1 << 14;

/** Rows of tiles that are done at a time: even parts of an image. */
function bandOf({ channels, outputs, rows, columns }: WinogradKernel["sizes"]): number {
  const [down, across] = [Math.ceil(rows / 2), Math.ceil(columns / 2)];
  const tiles = Math.min(TILES, Math.max(16, NUMBERS / Math.max(channels, outputs)));
  const max = Math.max(1, Math.floor(tiles / across));
  return Math.ceil(down / Math.ceil(down / max));
}

export function writeWinograd(k: WinogradKernel, name: string, { addressOf }: WriteContext): KernelText {
  const { images, channels, outputs, rows, columns, top, left, together } = k.sizes;
  const band = bandOf(k.sizes);
  const [n, c, y] = k.does === "filter" ? [0, 0, 0] : k.from[0]!.view.strides.map((s) => s * 4);
  const [height, width] = k.does === "filter" ? [0, 0] : k.from[0]!.view.shape.slice(2);
  const numbers = [
    images,
    channels,
    height,
    width,
    outputs,
    rows,
    columns,
    top,
    left,
    n,
    c,
    y,
    band,
    together,
  ];
  const places = [...k.from.map((o) => addressOf(o.buffer) + o.view.offset * 4), addressOf(k.to)];
  const bands = Math.ceil(Math.ceil(rows / 2) / band);
  const parts = { filter: channels, image: images * bands, weight: Math.ceil(images / together) }[k.does];
  const macs = Math.ceil(rows / 2) * Math.ceil(columns / 2) * 16 * channels * outputs * images;
  const work = k.does === "filter" ? channels * outputs : macs / MACS_PER_NS;
  const text = `/* winograd ${k.does} [${images}, ${channels}, ${rows}, ${columns}] to ${outputs} */
static void ${name}(char *m, i64 from, i64 to) {
  static const Convolution sizes = {${numbers.join(", ")}};
  rt->winograd_${k.does}(&sizes, ${places.map((p) => `m + ${p}ll`).join(", ")}, from, to);
}
`;
  return { text, parts, cost: work / parts };
}
