import { chebyshev } from "./chebyshev.ts";
import { chain, join, scale } from "./combinators.ts";
import { constant } from "./constant.ts";
import { constantFactor } from "./constant-factor.ts";
import { cosineAnnealing } from "./cosine-annealing.ts";
import { cosineDecay } from "./cosine-decay.ts";
import { cosineDecayRestarts } from "./cosine-decay-restarts.ts";
import { cosineWarmRestarts } from "./cosine-warm-restarts.ts";
import { cyclic } from "./cyclic.ts";
import type { ScheduleRow } from "./entry.ts";
import { exponential } from "./exponential.ts";
import { exponentialDecay } from "./exponential-decay.ts";
import { greedy } from "./greedy.ts";
import { inverseSqrt } from "./inverse-sqrt.ts";
import { inverseTime } from "./inverse-time.ts";
import { lambda } from "./lambda.ts";
import { linearFactor } from "./linear-factor.ts";
import { multiStep } from "./multi-step.ts";
import { multiplicative } from "./multiplicative.ts";
import { noam } from "./noam.ts";
import { cosineLinear, halfCosine, powerLr, warmupStableLinear, wsdS } from "./olmo.ts";
import { oneCycle } from "./one-cycle.ts";
import { flatCosine, oneCycleFastai } from "./one-cycle-fastai.ts";
import { oneCycleOptax } from "./one-cycle-optax.ts";
import { piecewiseConstant } from "./piecewise-constant.ts";
import { piecewiseInterpolate } from "./piecewise-interpolate.ts";
import { polynomialDecay } from "./polynomial-decay.ts";
import { power, powerCool } from "./power.ts";
import { ramp } from "./ramp.ts";
import { rangeTest } from "./range-test.ts";
import { reduceOnPlateau } from "./reduce-on-plateau.ts";
import { rex } from "./rex.ts";
import { sgdr } from "./sgdr.ts";
import { step } from "./step.ts";
import { cosineCycles, polynomialCycles, tanhCycles } from "./timm.ts";
import { warmupConstant } from "./warmup-constant.ts";
import { warmupCosine } from "./warmup-cosine.ts";
import { warmupCosineMinLr } from "./warmup-cosine-min-lr.ts";
import { warmupCosineRestarts } from "./warmup-cosine-restarts.ts";
import { warmupExponentialDecay } from "./warmup-exponential-decay.ts";
import { warmupLinear } from "./warmup-linear.ts";
import { warmupPolynomial } from "./warmup-polynomial.ts";
import { warmupStableDecay } from "./warmup-stable-decay.ts";

/** Every schedule there is, in the order in which lists show them. */
export const schedules: readonly ScheduleRow[] = [
  constant,
  warmupConstant,
  warmupLinear,
  warmupCosine,
  warmupCosineRestarts,
  warmupCosineMinLr,
  warmupPolynomial,
  warmupStableDecay,
  warmupStableLinear,
  wsdS,
  inverseSqrt,
  inverseTime,
  powerLr,
  power,
  powerCool,
  rex,
  noam,
  constantFactor,
  linearFactor,
  step,
  multiStep,
  piecewiseConstant,
  piecewiseInterpolate,
  exponential,
  exponentialDecay,
  warmupExponentialDecay,
  polynomialDecay,
  cosineAnnealing,
  cosineWarmRestarts,
  cosineDecay,
  cosineDecayRestarts,
  sgdr,
  cosineCycles,
  polynomialCycles,
  tanhCycles,
  cosineLinear,
  halfCosine,
  oneCycle,
  oneCycleOptax,
  oneCycleFastai,
  flatCosine,
  cyclic,
  chebyshev,
  reduceOnPlateau,
  greedy,
  ramp,
  rangeTest,
  lambda,
  multiplicative,
  join,
  chain,
  scale,
];
