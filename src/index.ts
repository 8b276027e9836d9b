/** steepest in one import: `import { ops, grad, train, nn, optim, losses } from "steepest"`. */
import * as trainNamespace from "./train/index.ts";

/** Operations on expressions: what losses and layers of one's own are written in. The same as `steepest/engine`'s. */
export * as ops from "./engine/graph/index.ts";
export { type BackendName, chooseBackend } from "./engine/registry.ts";
export { grad, gradients, hessianVectorProduct, valueAndGrad } from "./engine/rules/differentiate.ts";
/** Layers, initial values and activations, with PyTorch's tensors and names: `steepest/nn`. */
export * as nn from "./nn/index.ts";
/** Losses with PyTorch's values and gradients: `steepest/nn/losses`. */
export * as losses from "./nn/losses/index.ts";
/** Optimizers, schedules, clips and wrappers: `steepest/optim`. */
export * as optim from "./optim/index.ts";
export { SteepestError } from "./run/errors.ts";
export { defineRun, type Run } from "./train/define-run.ts";
/** Steps of training compiled into one program, and run files: `steepest/train`. */
export * as train from "./train/index.ts";

/** @deprecated The same as `train`; it goes with the next version. */
export { trainNamespace as program };
