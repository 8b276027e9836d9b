/** The table of optimizers: command-line help, docs, the lab's controls and the hand-off read it. */
import { closest, SteepestError } from "../run/errors.ts";
import type { OptimizerEntry } from "./define.ts";
import { adam, adamw } from "./optimizers/adam.ts";
import { emaMomentum } from "./optimizers/ema-momentum.ts";
import { sgd } from "./optimizers/sgd.ts";
import type { Transform } from "./transform.ts";

export const optimizers: readonly OptimizerEntry[] = [sgd, emaMomentum, adam, adamw].map((o) => o.entry);

/** The row of this name. Throws `optimizer` with the closest name when there is none. */
export function optimizerEntry(name: string): OptimizerEntry {
  const found = optimizers.find((o) => o.name === name);
  if (found) return found;
  const near = closest(
    name,
    optimizers.map((o) => o.name),
  );
  throw new SteepestError("optimizer", `there is no optimizer named ${JSON.stringify(name)}`, {
    help: near ? `did you mean "${near}"?` : `choose one of ${optimizers.map((o) => o.name).join(", ")}`,
  });
}

/** The optimizer of this name with these options; `lr` of the result is the option's value. */
export const makeOptimizer = (name: string, options: Readonly<Record<string, unknown>> = {}): Transform =>
  optimizerEntry(name).make(options);
