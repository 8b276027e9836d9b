/** Curvature of a loss: Hessian-vector products, the edges of the spectrum, the noise of its gradients. */

export { type LanczosOptions, lanczos, type RitzPair, type Spectrum } from "./lanczos.ts";
export {
  filterPlane,
  hessianPlane,
  type Plane,
  type PlaneAxis,
  type PlaneGrid,
  type PlaneGridOptions,
  pathPlane,
  planeGrid,
  type Shadow,
  shadowOn,
} from "./landscape.ts";
export { type NoiseScale, type NoiseScaleOptions, noiseScale } from "./noise-scale.ts";
export {
  type Fill,
  finiteLoss,
  type LossProgram,
  type LossProgramOptions,
  lossProgram,
  type Objective,
  objectiveOf,
} from "./objective.ts";
export { addScaled, denseOperator, dot, norm, preconditioned, type SymmetricOperator } from "./operator.ts";
export { type Eigen, tridiagonalEigen } from "./tridiagonal.ts";
