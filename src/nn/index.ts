export {
  type ActivationRow,
  activations,
  elu,
  findActivation,
  gelu,
  identity,
  leakyRelu,
  logSoftmaxLayer as logSoftmax,
  mish,
  relu,
  sigmoidLayer as sigmoid,
  silu,
  softmaxLayer as softmax,
  softplus,
  tanhLayer as tanh,
} from "./activations.ts";
export { type Call, compose, sequential } from "./compose.ts";
export {
  constantInit,
  countParams,
  initBuffers,
  initParams,
  kaimingNormal,
  kaimingUniform,
  normalInit,
  paramSpecs,
  streamInit,
  torchDefault,
  torchInit,
  uniformInit,
  xavierNormal,
  xavierUniform,
} from "./init.ts";
export {
  type Context,
  type Forward,
  type InitRandom,
  type Key,
  type Layer,
  type ParamDType,
  type ParamSpec,
  type ParamSpecs,
  type ParamValues,
  plainLayer,
  type Tensors,
} from "./layer.ts";
export { flatten, linear, unflatten } from "./linear.ts";
export * as losses from "./losses/index.ts";
