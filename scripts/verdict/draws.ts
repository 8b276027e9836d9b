/** Random numbers for the made tasks, from one seed. */
import { stream } from "../../src/random/index.ts";

export interface Draws {
  readonly uniform: () => number;
  readonly normal: () => number;
  readonly normals: (n: number) => number[];
  /** A whole number from `low` to `high`, both included. */
  readonly whole: (low: number, high: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
  readonly permutation: (n: number) => Int32Array;
}

export function draws(seed: number): Draws {
  const from = stream(seed, "verdict");
  const uniform = (): number => from.uniform(1)[0]!;
  const whole = (low: number, high: number): number => low + Math.floor(uniform() * (high - low + 1));
  return {
    uniform,
    normal: () => from.normal(1)[0]!,
    normals: (n) => [...from.normal(n)],
    whole,
    pick: (list) => list[whole(0, list.length - 1)]!,
    permutation: (n) => from.permutation(n),
  };
}
