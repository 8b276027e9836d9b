export { type Mt19937, mt19937, nextUint32 } from "./mt19937.ts";
export { type NumpyRandom, type NumpyState, numpyRandom } from "./numpy.ts";
export {
  permutationInto,
  type Stream,
  type StreamKey,
  type StreamState,
  stream,
  streamKey,
} from "./stream.ts";
export { threefry2x32, threefryInto } from "./threefry.ts";
export {
  type FloatArrayOf,
  type TorchDType,
  type TorchGenerator,
  type TorchState,
  torchGenerator,
} from "./torch.ts";
export { kaimingNormal, kaimingUniform, linearInit, truncatedNormal, xavierUniform } from "./torch-init.ts";
