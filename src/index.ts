/** steepest in one import: `import { ops, grad, program, nn, optim, losses } from "steepest"`. */

export * as ops from "./engine/graph/index.ts";
export { type BackendName, chooseBackend } from "./engine/registry.ts";
export { grad, gradients, hessianVectorProduct, valueAndGrad } from "./engine/rules/differentiate.ts";
export * as nn from "./nn/index.ts";
export { losses } from "./nn/index.ts";
export * as optim from "./optim/index.ts";
export { SteepestError } from "./run/errors.ts";
export * as program from "./train/index.ts";
