export { chain } from "./chain.ts";
export {
  type Definition,
  defineOptimizer,
  type Elsewhere,
  type Optimizer,
  type OptimizerEntry,
  type Paper,
  type StabilityLimit,
} from "./define.ts";
export { type AdamOptions, type AdamWOptions, adam, adamw } from "./optimizers/adam.ts";
export { type EmaMomentumOptions, emaMomentum } from "./optimizers/ema-momentum.ts";
export { type SgdOptions, sgd } from "./optimizers/sgd.ts";
export { makeOptimizer, optimizerEntry, optimizers } from "./optimizers.ts";
export { type OptionSpec, type OptionSpecs, type OptionValue, resolveOptions, showRange } from "./options.ts";
export { perTensor, stateless, type TensorRule } from "./per-tensor.ts";
export { evaluateState, flattenState, initialState, stateInputs, unflattenState } from "./state.ts";
export { applyUpdates, globalDot, globalNorm } from "./tensors.ts";
export type { Hyper, State, Tensors, Transform } from "./transform.ts";
export { addDecayedWeights } from "./transforms/decay.ts";
export { ascend, scaleBy, scaleByLr, scaleBySign } from "./transforms/scale.ts";
export { scaleByAdam, scaleByAmsgrad } from "./transforms/scale-by-adam.ts";
export { trace } from "./transforms/trace.ts";
