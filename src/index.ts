/** steepest in one import: `import { ops, grad, train, nn, optim, losses } from "steepest"`. */
import * as trainNamespace from "./train/index.ts";

export * as ops from "./engine/graph/index.ts";
export { type BackendName, chooseBackend } from "./engine/registry.ts";
export { grad, gradients, hessianVectorProduct, valueAndGrad } from "./engine/rules/differentiate.ts";
export * as nn from "./nn/index.ts";
export * as losses from "./nn/losses/index.ts";
export * as optim from "./optim/index.ts";
export { SteepestError } from "./run/errors.ts";
export { defineRun, type Run } from "./train/define-run.ts";
export * as train from "./train/index.ts";

/** @deprecated The same as `train`; it goes with the next version. */
export { trainNamespace as program };
