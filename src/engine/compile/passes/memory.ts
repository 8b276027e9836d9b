/** Gives every buffer an address before the first step. Temporaries whose lives don't overlap share memory. */
import { bytesOf } from "../../graph/dtype.ts";
import { type Buffer, type Kernel, touches } from "../kernels.ts";

/** A cache line; also what vector loads like best. */
const ALIGN = 64;
const up = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN;

export const bufferBytes = (b: Buffer): number => b.count * bytesOf[b.dtype];

/** First byte of a buffer. */
export type AddressOf = (b: Buffer) => number;

export interface MemoryPlan {
  /** First byte of each buffer that any kernel or the host touches. */
  readonly address: ReadonlyMap<Buffer, number>;
  /** Start of the region products use for packing. */
  readonly scratch: number;
  /** End of all regions. */
  readonly total: number;
}

/**
 * Greedy interval placement: big temporaries first, each at the lowest address free of those it overlaps in time.
 * `named` buffers are the host's and are kept whether or not a kernel reads them.
 */
export function planMemory(
  kernels: readonly Kernel[],
  named: Iterable<Buffer>,
  scratchBytes: number,
): MemoryPlan {
  const life = new Map<Buffer, { first: number; last: number }>();
  kernels.forEach((kernel, i) => {
    const { reads, writes } = touches(kernel);
    for (const b of [...writes, ...reads]) {
      const seen = life.get(b);
      if (seen) seen.last = i;
      else life.set(b, { first: i, last: i });
    }
  });
  const address = new Map<Buffer, number>();
  let top = ALIGN; // address 0 stays unused, so that a stray null pointer shows
  for (const b of new Set([...named, ...life.keys()])) {
    if (!b.kept) continue;
    address.set(b, top);
    top += up(bufferBytes(b));
  }
  const temporaries = [...life.keys()].filter((b) => !b.kept).sort((a, b) => bufferBytes(b) - bufferBytes(a));
  const placed: { from: number; to: number; first: number; last: number }[] = [];
  let end = top;
  for (const b of temporaries) {
    const { first, last } = life.get(b)!;
    const size = up(bufferBytes(b));
    let from = top;
    for (const other of placed) {
      const together = other.first <= last && first <= other.last;
      if (together && other.from < from + size && from < other.to) from = other.to;
    }
    address.set(b, from);
    insertByAddress(placed, { from, to: from + size, first, last });
    end = Math.max(end, from + size);
  }
  return { address, scratch: end, total: end + up(scratchBytes) };
}

function insertByAddress<T extends { from: number }>(list: T[], item: T): void {
  const at = list.findIndex((x) => x.from > item.from);
  list.splice(at < 0 ? list.length : at, 0, item);
}
