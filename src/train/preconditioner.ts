/** The diagonal P that a run's optimizer divides by, in the parameters' flat order. */
import { findOptimizer, type OptimizerRow, resolveOptions } from "../optim/index.ts";
import type { BuiltRun } from "./build.ts";

export type ResolvedOptions = Readonly<Record<string, unknown>>;

/** The run's optimizer with all options as they are in force. */
export function optimizerOf({ spec }: Pick<BuiltRun, "spec">): {
  entry: OptimizerRow;
  options: ResolvedOptions;
} {
  const { name, ...given } = spec.optimizer;
  const { stabilityLimit, ...entry } = findOptimizer(name);
  const specs = Object.fromEntries(entry.options.map(({ name: key, ...rest }) => [key, rest]));
  const options = resolveOptions(name, specs, given as Parameters<typeof resolveOptions>[2]);
  // the limit is proved for the plain update alone
  const proved = stabilityLimit !== undefined && !entry.isModified(options);
  return { entry: proved ? { ...entry, stabilityLimit } : entry, options };
}

/** From what the optimizer has gathered in so many steps; null where it divides by nothing, or has gathered nothing yet. */
export function preconditionerOf(built: BuiltRun, steps: number): Float64Array | null {
  const { entry, options } = optimizerOf(built);
  const p = entry.stabilityLimit?.preconditioner;
  if (p === undefined || steps === 0) return null;
  const of = p.of(options, steps);
  const { state } = built.step;
  const slot = p.slot(options);
  const parts = state.flatMap(({ name }) => {
    if (!name.startsWith("param.")) return [];
    const end = `.${slot}.${name.slice("param.".length)}`;
    const kept = state.find((t) => t.name.startsWith("optimizer.") && t.name.endsWith(end));
    return kept === undefined ? [] : [Float64Array.from(kept.values, of)];
  });
  const flat = new Float64Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    flat.set(part, at);
    at += part.length;
  }
  return flat.length === built.parameters ? flat : null;
}
