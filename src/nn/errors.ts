import { SteepestError } from "../run/errors.ts";

/** A layer, model or loss that cannot be built as asked. */
export const nnError = (what: string, help?: string): SteepestError =>
  new SteepestError("model", what, { help });

/** Refuses sizes that are not whole numbers ≥ 1: `requireSizes("linear", { in: 3, out: 0 })`. */
export function requireSizes(owner: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 1)
      throw nnError(`${owner}: ${name} must be a whole number of at least 1, not ${size}`);
  }
}

/** Refuses a probability outside [0, 1]. */
export function requireShare(owner: string, name: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw nnError(`${owner}: ${name} must lie between 0 and 1, not ${p}`);
}
