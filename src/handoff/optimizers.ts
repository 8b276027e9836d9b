/** Optimizers that PyTorch has under the same formula or that the project brings, by their rows; others are traced. */
import { findOptimizer, optimizers as optimizerTable } from "../optim/optimizers.ts";
import type { TorchClass } from "../optim/torch.ts";
import { SteepestError } from "../run/errors.ts";
import { resolveOptions } from "../run/options.ts";

export interface NamedOptimizer {
  readonly library: TorchClass["library"];
  readonly class: string;
  readonly lr: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly momentum: TorchClass["momentum"];
  readonly state: Readonly<Record<string, string>>;
}

/**
 * The optimizer as a class of torch.optim or of the project, with the checkpoint's path to each of its state tensors;
 * null where only its graph says what it does. `stateNames` are the names in the checkpoint, `param` any parameter's.
 */
export function namedOptimizer(
  { name, lr = Number.NaN, ...given }: { readonly name: string; readonly lr?: number | undefined },
  { stateNames, param }: { stateNames: readonly string[]; param: string },
): NamedOptimizer | null {
  const entry = findOptimizer(name);
  refuseUntraceable(name);
  const specs = Object.fromEntries(entry.options.map((o) => [o.name, o]));
  const found = entry.torch(resolveOptions(name, specs, given));
  if (found === null) return null;
  const state: Record<string, string> = {};
  for (const [there, here] of Object.entries(found.state)) {
    const path = stateNames.find((s) => s.endsWith(`.${here}.${param}`));
    if (path === undefined) return null;
    state[there] = path.slice(0, -param.length);
  }
  return { ...found, lr, state };
}

/** Optimizers that evaluate the loss again, or draw noise, can't be written as a function of the gradient. */
function refuseUntraceable(name: string): void {
  const needs = (o: (typeof optimizerTable)[number]): boolean =>
    o.needs.includes("evaluate") || o.needs.includes("key");
  if (!needs(findOptimizer(name))) return;
  const others = optimizerTable.filter((o) => !needs(o)).map((o) => o.name);
  throw new SteepestError(
    "handoff-optimizer",
    `${name} has no form in PyTorch: it needs more than the gradient`,
    {
      help: `use steepest's own engine, or one of ${others.join(", ")}`,
    },
  );
}
