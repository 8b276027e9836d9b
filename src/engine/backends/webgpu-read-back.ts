/** Brings bytes from a device's memory to the host without making a step wait for it. */
import { mapRead, usage } from "./webgpu-flags.ts";
import type { Region } from "./webgpu-host-copy.ts";

export interface ReadBack {
  /** Notes a copy of the outputs with a step's other commands. */
  readonly take: (encoder: GPUCommandEncoder) => void;
  /** Waits for the copies taken since the last call: one for each step, oldest first. */
  readonly read: () => Promise<ArrayBuffer[]>;
  /** Waits for all that was submitted and gives a region as it is then. */
  readonly bytes: (region: Region) => Promise<ArrayBuffer>;
  readonly release: () => void;
}

/** A buffer that takes several steps' outputs before it is read. */
interface Page {
  readonly buffer: GPUBuffer;
  used: number;
}

/** Bytes of a page, and steps that it takes at most. */
const PAGE_BYTES = 1 << 16;
const PAGE_STEPS = 64;

export function readBack(gpu: GPUDevice, memory: GPUBuffer, outputs: Region): ReadBack {
  const slot = Math.max(4, outputs.bytes);
  const slots = Math.max(1, Math.min(PAGE_STEPS, Math.floor(PAGE_BYTES / slot)));
  const readable = usage.copyTarget | usage.mapRead;
  const free: Page[] = [];
  let full: Page[] = [];
  const made: GPUBuffer[] = [];
  const newPage = (): Page => {
    const buffer = gpu.createBuffer({ size: slot * slots, usage: readable });
    made.push(buffer);
    return { buffer, used: 0 };
  };
  return {
    take: (encoder) => {
      let page = full.at(-1);
      if (page === undefined || page.used === slots) full.push((page = free.pop() ?? newPage()));
      if (outputs.bytes > 0)
        encoder.copyBufferToBuffer(memory, outputs.from, page.buffer, page.used * slot, outputs.bytes);
      page.used++;
    },
    read: async () => {
      const pages = full;
      full = [];
      const parts = await Promise.all(
        pages.map(async (page) => {
          await page.buffer.mapAsync(mapRead, 0, page.used * slot);
          const bytes = page.buffer.getMappedRange(0, page.used * slot);
          const out = Array.from({ length: page.used }, (_, i) => bytes.slice(i * slot, (i + 1) * slot));
          page.buffer.unmap();
          page.used = 0;
          free.push(page);
          return out;
        }),
      );
      return parts.flat();
    },
    bytes: async ({ from, bytes }) => {
      const buffer = gpu.createBuffer({ size: bytes, usage: readable });
      const encoder = gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(memory, from, buffer, 0, bytes);
      gpu.queue.submit([encoder.finish()]);
      try {
        await buffer.mapAsync(mapRead);
        return buffer.getMappedRange().slice(0);
      } finally {
        buffer.destroy();
      }
    },
    release: () => {
      for (const buffer of made) buffer.destroy();
    },
  };
}
