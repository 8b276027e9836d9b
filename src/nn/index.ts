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
export { type AttentionOptions, attentionOf, multiHeadAttention } from "./attention.ts";
export { type BatchNormOptions, batchNorm } from "./batch-norm.ts";
export {
  type BuiltModel,
  buildModel,
  type CnnModel,
  type LinearModel,
  type MlpModel,
  type ModelSizes,
  type TransformerModel,
} from "./build.ts";
export { type Call, compose, sequential } from "./compose.ts";
export { type Conv2dOptions, conv2d, type Pair } from "./conv.ts";
export { dropout } from "./dropout.ts";
export { embedding } from "./embedding.ts";
export { freeze, keepsStatistics } from "./freeze.ts";
export { type GruOptions, gru } from "./gru.ts";
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
export { accuracyFor, binaryAccuracy, classAccuracy } from "./metrics.ts";
export { type LayerNormOptions, layerNorm, type RmsNormOptions, rmsNorm } from "./norm.ts";
export { l1Penalty, l2Penalty, type PenaltyOptions } from "./penalty.ts";
export { avgPool2d, globalAvgPool2d, maxPool2d, type PoolOptions } from "./pool.ts";
export { type GptOptions, gpt, type TransformerBlockOptions, transformerBlock } from "./transformer.ts";
