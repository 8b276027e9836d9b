import { SteepestError } from "../run/errors.ts";

/** Refuses a seed that is not an integer in [0, limit): a rounded or wrapped seed would silently name another run. */
export function checkSeed(seed: number, limit: number): void {
  if (Number.isInteger(seed) && seed >= 0 && seed < limit) return;
  throw new SteepestError("seed", `the seed must be a whole number from 0 to ${limit - 1}, not ${seed}`, {
    help: "choose a seed such as 42",
  });
}

/** Refuses an empty or non-integer range [low, high). */
export function checkRange(low: number, high: number): void {
  if (Number.isSafeInteger(low) && Number.isSafeInteger(high) && low < high) return;
  throw new SteepestError("random-range", `no integer lies in [${low}, ${high})`, {
    help: "give whole numbers with low < high",
  });
}
