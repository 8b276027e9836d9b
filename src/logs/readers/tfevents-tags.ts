/** Tags of an event file, found by their bytes: decoding one string per point would cost more than the point. */
import type { Recorder } from "../recorder.ts";

export interface TagEntry {
  readonly bytes: Uint8Array;
  readonly name: string;
  /** Recorder's series; -2 until the tag has a scalar. */
  series: number;
  /** Written with the first value of a tag only. */
  plugin: string;
}

export interface TagTable {
  find(bytes: Uint8Array, start: number, end: number): TagEntry;
}

const MAX_TAGS = 100_000;

/** `prefix` goes before every tag of a part that measures something else ("validation"). */
export function createTagTable(recorder: Recorder, prefix: string): TagTable {
  const byHash = new Map<number, TagEntry[]>();
  const decoder = new TextDecoder();
  let count = 0;
  const matches = (entry: TagEntry, bytes: Uint8Array, start: number, end: number): boolean => {
    if (entry.bytes.length !== end - start) return false;
    for (let i = start; i < end; i++) if (entry.bytes[i - start] !== bytes[i]) return false;
    return true;
  };
  return {
    find(bytes, start, end) {
      let hash = 0;
      for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
      let bucket = byHash.get(hash);
      if (bucket) for (const entry of bucket) if (matches(entry, bytes, start, end)) return entry;
      const own = bytes.slice(start, end);
      const tag = decoder.decode(own);
      const name = prefix === "" ? tag : `${prefix}/${tag}`;
      const entry: TagEntry = { bytes: own, name, series: -2, plugin: "" };
      if (count >= MAX_TAGS) {
        recorder.note("too-many-series", `more than ${MAX_TAGS} different tags: later ones are not kept`);
        entry.series = -1;
        return entry;
      }
      count++;
      if (!bucket) byHash.set(hash, (bucket = []));
      bucket.push(entry);
      return entry;
    },
  };
}
