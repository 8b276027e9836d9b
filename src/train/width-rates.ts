/** The rates that maximal-update parametrization gives each tensor of a run: parameter groups by how a tensor grows. */
import { isMup, widthMultiplier } from "../nn/width.ts";
import { findOptimizer } from "../optim/index.ts";
import { SteepestError } from "../run/errors.ts";
import type { GroupSpec, RunSpec } from "../run/spec.ts";

/** Updates in proportion to the gradient: vectors (biases, gains, embeddings, the output) get m times the rate. */
const LIKE_SGD: readonly string[] = ["sgd"];
/** Updates of a size of their own, entry by entry: matrices get 1/m of the rate. */
const LIKE_ADAM: readonly string[] = [
  "adam", "adamw", "amsgrad", "nadam", "radam", "adamax", "adabelief", "yogi", "rmsprop", "lion", "sign-sgd",
]; // biome-ignore format: a list

/** The rate's factor of a tensor with so many axes that grow, `m` times as wide as the base (Yang et al. 2022, Table 8). */
export function rateFactor(optimizer: string, axes: number, m: number): number {
  if (LIKE_SGD.includes(optimizer)) return axes === 1 ? m : 1;
  return axes === 2 ? 1 / m : 1;
}

/** Throws `option` for an optimizer whose rates by width are not known here, and for groups of the run's own. */
export function checkWidthRates({ optimizer: { name }, groups }: RunSpec): void {
  const known = [...LIKE_SGD, ...LIKE_ADAM];
  if (!known.includes(name)) {
    throw new SteepestError("option", `how the rates of ${name} follow the width is not known`, {
      where: "at model.parametrization",
      help: `leave it out, or take one of ${known.join(", ")}`,
    });
  }
  if (groups === undefined) return;
  throw new SteepestError("option", "parametrization mup makes groups of its own, and the run has some too", {
    where: "at groups",
    help: "leave out one of the two",
  });
}

/**
 * Groups for the tensors whose rate is not the run's. The weight decay's product with the rate stays what it is, as in the
 * authors' package.
 */
export function widthGroups(
  { optimizer: { name, ...options }, model }: RunSpec,
  lr: number,
  axesOf: Readonly<Record<string, number>>,
): readonly GroupSpec[] {
  const m = isMup(model) ? widthMultiplier(model) : 1;
  const own = findOptimizer(name).options.find((o) => o.name === "weightDecay");
  const decay = Number(options["weightDecay"] ?? own?.default ?? 0);
  return [0, 1, 2].flatMap((axes): GroupSpec[] => {
    const factor = rateFactor(name, axes, m);
    const params = Object.keys(axesOf).filter((tensor) => axesOf[tensor] === axes);
    if (factor === 1 || params.length === 0) return [];
    return [{ params, lr: lr * factor, ...(decay > 0 && { weightDecay: decay / factor }) }];
  });
}
