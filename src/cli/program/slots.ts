/** How many programs may run at once, and on which GPU each. */

export interface Slots {
  /** Waits for a place; `wanted`: this one and no other, for a program that has begun there. */
  readonly take: (wanted?: number) => Promise<number>;
  readonly give: (slot: number) => void;
}

export function createSlots(count: number): Slots {
  const free = new Set(Array.from({ length: count }, (_, i) => i));
  const waiting: { readonly wanted: number | undefined; readonly go: (slot: number) => void }[] = [];
  return {
    take(wanted) {
      const slot = wanted ?? [...free][0];
      if (slot !== undefined && free.delete(slot)) return Promise.resolve(slot);
      return new Promise((go) => waiting.push({ wanted, go }));
    },
    give(slot) {
      const next = waiting.findIndex((w) => w.wanted === undefined || w.wanted === slot);
      if (next < 0) free.add(slot);
      else waiting.splice(next, 1)[0]!.go(slot);
    },
  };
}
