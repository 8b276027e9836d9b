/**
 * How long a device takes for the kernels of a step, one by one: each the longer of its arithmetic and its traffic (roofline:
 * Williams et al. 2009). Products are cut into tiles that are dealt out to the multiprocessors in waves, so a small one
 * leaves most of them idle.
 */
import { type Buffer, type Kernel, type MatmulKernel, touches } from "../../engine/compile/kernels.ts";
import { lower } from "../../engine/compile/lower.ts";
import { gatherProducts } from "../../engine/compile/passes/gather-products.ts";
import { bytesOf } from "../../engine/graph/dtype.ts";
import { type StepParts, traceStep } from "../../train/trace.ts";
import type { Device, Precision } from "./devices.ts";
import { type Compute, fitCompute } from "./scaling.ts";

/** Shares of the data sheets' peaks that good kernels reach. */
const [ARITHMETIC, TRAFFIC] = [0.8, 0.8];
/** Between the end of one kernel and the work of the next. */
const GAP = 2e-6;
/** Tiles of a product with the share of a multiprocessor's peak at which they compute: small ones read more for each operation. */
const TILES = [
  { rows: 128, columns: 128, share: 1 },
  { rows: 128, columns: 64, share: 0.85 },
  { rows: 64, columns: 64, share: 0.65 },
] as const;
/** Sums at least this long may be cut into several for idle multiprocessors. */
const SHORTEST_SUM = 256;

/** What the host takes to start a kernel: a step is never shorter than that for all of them. */
const LAUNCH = 5e-6;

/** What a step of `rows` rows takes on a device, from its kernels at that batch and at half of it. */
export function computeOnDevice(
  partsOf: (rows: number) => StepParts,
  rows: number,
  { device, precision }: { readonly device: Device; readonly precision: Precision },
): Compute {
  const whole = kernelsOf(partsOf(rows));
  const at = (kernels: readonly Kernel[], of: number): { rows: number; seconds: number } => ({
    rows: of,
    seconds: deviceSeconds(kernels, device, precision),
  });
  const half = Math.floor(rows / 2);
  const timings = [at(whole, rows), ...(half === 0 ? [] : [at(kernelsOf(partsOf(half)), half)])];
  return { ...fitCompute(timings), atLeast: whole.length * LAUNCH };
}

/** The step as steepest would fuse it for a device: convolutions read their images, not columns of them. */
function kernelsOf(parts: StepParts): readonly Kernel[] {
  const { inputs, state, outputs } = traceStep(parts);
  return gatherProducts(lower({ inputs, state, outputs })).kernels;
}

/** Seconds of all kernels after each other, when the host keeps up. A peak that the device lacks is float32's. */
function deviceSeconds(kernels: readonly Kernel[], device: Device, precision: Precision): number {
  let seconds = 0;
  for (const kernel of kernels) {
    const traffic = trafficOf(kernel, precision) / (device.memory * TRAFFIC);
    const arithmetic = kernel.kind === "matmul" ? productSeconds(kernel, device, precision) : 0;
    seconds += Math.max(traffic, arithmetic) + GAP;
  }
  return seconds;
}

/** What a kernel reads and writes, each buffer once. Parameters and state stay in float32. */
function trafficOf(kernel: Kernel, precision: Precision): number {
  const { reads, writes } = touches(kernel);
  const bytes = ({ dtype, count, kept }: Buffer): number =>
    count * (precision === "half" && dtype === "float32" && !kept ? 2 : bytesOf[dtype]);
  return [...new Set(reads), ...new Set(writes)].reduce((n, b) => n + bytes(b), 0);
}

function productSeconds(kernel: MatmulKernel, device: Device, precision: Precision): number {
  const { m, n, k, products } = sizesOf(kernel);
  const each = ((device.peak[precision] ?? device.peak.float32!) * ARITHMETIC) / device.units;
  const ways = TILES.map(({ rows, columns, share }) => {
    const tiles = products * Math.ceil(m / rows) * Math.ceil(n / columns);
    const pieces = Math.max(1, Math.min(Math.floor(device.units / tiles), Math.floor(k / SHORTEST_SUM)));
    const waves = Math.ceil((tiles * pieces) / device.units);
    return (waves * 2 * rows * columns * Math.ceil(k / pieces)) / (each * share);
  });
  return Math.min(...ways);
}

/** A convolution's products of single pictures are one product: its pixels lie side by side. */
function sizesOf({ a, b, through }: MatmulKernel): { m: number; n: number; k: number; products: number } {
  const [m, k] = a.view.shape.slice(-2) as [number, number];
  const n = b.view.shape.at(-1)!;
  const products = a.view.shape.slice(0, -2).reduce((x, y) => x * y, 1);
  return through === undefined ? { m, n, k, products } : { m, n: n * products, k, products: 1 };
}
