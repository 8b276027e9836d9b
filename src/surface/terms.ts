/** The optimizer's state under the letters of its paper, and what it corrects for the cold start. */
import { findOptimizer } from "../optim/index.ts";

/** A term of an update: one number for each coordinate, or a single one kept for all of them. */
export type Terms = Readonly<Record<string, readonly number[]>>;

/** A letter with its hat. */
const hat = (letter: string): string => `${letter[0]}\u0302${letter.slice(1)}`;

/** Computes the corrected moments of a named optimizer with these options; null when it has none. */
export function correctionOf(
  name: string,
  options: Readonly<Record<string, unknown>>,
): ((state: Terms, step: number, momentum?: number) => Terms) | null {
  const row = findOptimizer(name);
  const moments = row.corrected;
  if (moments === null || options["biasCorrection"] === false) return null;
  const defaults = row.options.find((o) => o.name === "betas")?.default;
  const betas = (options["betas"] ?? defaults) as readonly number[];
  return (state, step, momentum) =>
    Object.fromEntries(
      Object.entries(moments).map(([slot, i]) => {
        const beta = (i === 0 ? momentum : undefined) ?? betas[i]!;
        return [hat(slot), state[slot]!.map((v) => v / (1 - beta ** step))];
      }),
    );
}

/**
 * "adam.m.point" → "m": the last parts of the state's names that still tell them apart. `tensor` is the parameter's
 * name, which stands at the end of what is kept for each coordinate.
 */
export function shortNames(names: readonly string[], tensor: string): string[] {
  const parts = names.map((n) => n.split(".").filter((p) => p !== tensor));
  const tail = (p: readonly string[], length: number): string => p.slice(-length).join(".");
  return parts.map((p, i) => {
    for (let length = 1; length <= p.length; length++) {
      const short = tail(p, length);
      if (parts.every((q, j) => j === i || tail(q, length) !== short)) return short;
    }
    return names[i]!;
  });
}
