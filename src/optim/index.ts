export {
  type OptionSpec,
  type OptionSpecs,
  type OptionValue,
  type Range,
  resolveOptions,
  showRange,
  type ValueKind,
} from "../run/options.ts";
export type { Elsewhere, Source } from "../run/table.ts";
export { chain } from "./chain.ts";
export {
  type AdaptiveOptions,
  adaptiveClip,
  type Clip,
  type ClipMeasure,
  type ClipOptions,
  type ClipRow,
  clipByBlockRms,
  clipByGlobalNorm,
  clipByTensorNorm,
  clipByValue,
  clips,
  type GlobalNormOptions,
  globalPNorm,
  makeClip,
  normalizeByGlobalNorm,
  type PercentileOptions,
  percentileClip,
  requireFinite,
  zeroNonFinite,
} from "./clip/index.ts";
export {
  type BatchRule,
  type Definition,
  defineOptimizer,
  type Optimizer,
  type OptimizerKind,
  type OptimizerRow,
  type StabilityLimit,
} from "./define.ts";
export { exactDiagonal, hutchinsonDiagonal } from "./hessian-diagonal.ts";
export {
  type BacktrackingOptions,
  backtracking,
  type CompiledObjective,
  compileObjective,
  fixedStep,
  type LbfgsStepperOptions,
  type LineSearch,
  lbfgsMemory,
  lbfgsStepper,
  type MinimizeOptions,
  type MinimizeResult,
  minimize,
  type Objective,
  type ObjectiveOptions,
  type Point,
  type Step,
  type Stepper,
  type StrongWolfeOptions,
  strongWolfe,
} from "./line-search/index.ts";
export { type Modifiers, modifierOptions } from "./modifiers.ts";
export { type AdabeliefOptions, adabelief } from "./optimizers/adabelief.ts";
export { type AdadeltaOptions, adadelta } from "./optimizers/adadelta.ts";
export { type AdafactorOptions, adafactor } from "./optimizers/adafactor.ts";
export { type AdafactorHfOptions, adafactorHf } from "./optimizers/adafactor-hf.ts";
export { type AdagradOptions, adagrad } from "./optimizers/adagrad.ts";
export { type AdamOptions, type AdamWOptions, adam, adamw } from "./optimizers/adam.ts";
export { type AdamAtan2Options, adamAtan2 } from "./optimizers/adam-atan2.ts";
export { type AdamaxOptions, adamax } from "./optimizers/adamax.ts";
export { type AdamuonOptions, adamuon } from "./optimizers/adamuon.ts";
export { type AdanOptions, adan } from "./optimizers/adan.ts";
export { type AdemamixOptions, ademamix } from "./optimizers/ademamix.ts";
export { type AdoptOptions, adopt } from "./optimizers/adopt.ts";
export { type AmsgradOptions, amsgrad } from "./optimizers/amsgrad.ts";
export { type AsgdOptions, asgd } from "./optimizers/asgd.ts";
export { type DAdaptAdamOptions, dAdaptAdam } from "./optimizers/d-adapt-adam.ts";
export { type DogOptions, dog } from "./optimizers/dog.ts";
export { type EmaMomentumOptions, emaMomentum } from "./optimizers/ema-momentum.ts";
export { type FtrlOptions, ftrl } from "./optimizers/ftrl.ts";
export { type GramsOptions, grams } from "./optimizers/grams.ts";
export { type AdamhOptions, adamh, type MuonhOptions, muonh } from "./optimizers/hyperball.ts";
export { type LambOptions, lamb } from "./optimizers/lamb.ts";
export { type LapropOptions, laprop } from "./optimizers/laprop.ts";
export { type LarsOptions, lars } from "./optimizers/lars.ts";
export { type LbfgsOptions, lbfgs } from "./optimizers/lbfgs.ts";
export { type LionOptions, lion } from "./optimizers/lion.ts";
export { type MadgradOptions, madgrad } from "./optimizers/madgrad.ts";
export { type MarsOptions, mars } from "./optimizers/mars.ts";
export { type MuonOptions, muon } from "./optimizers/muon.ts";
export { type NadamOptions, nadam } from "./optimizers/nadam.ts";
export { type NadamOptaxOptions, nadamOptax } from "./optimizers/nadam-optax.ts";
export { type NagOptions, nag } from "./optimizers/nag.ts";
export { type NesterovOptions, nesterov } from "./optimizers/nesterov.ts";
export { type NoisySgdOptions, noisySgd } from "./optimizers/noisy-sgd.ts";
export { type NormuonOptions, normuon } from "./optimizers/normuon.ts";
export { type NovogradOptions, novograd } from "./optimizers/novograd.ts";
export { type OptimisticGdOptions, optimisticGd } from "./optimizers/optimistic-gd.ts";
export { type PolyakSgdOptions, polyakSgd } from "./optimizers/polyak-sgd.ts";
export { type ProdigyOptions, prodigy } from "./optimizers/prodigy.ts";
export { type PsgdKronOptions, psgdKron } from "./optimizers/psgd-kron.ts";
export { type RadamOptions, radam } from "./optimizers/radam.ts";
export { type RmspropOptions, rmsprop } from "./optimizers/rmsprop.ts";
export { type RpropOptions, rprop } from "./optimizers/rprop.ts";
export {
  type ScheduleFreeAdamWOptions,
  type ScheduleFreeSgdOptions,
  scheduleFreeAdamw,
  scheduleFreeSgd,
} from "./optimizers/schedule-free.ts";
export { type ScheduleFreeProdigyOptions, scheduleFreeProdigy } from "./optimizers/schedule-free-prodigy.ts";
export { type ScionOptions, scion } from "./optimizers/scion.ts";
export { type SgdOptions, sgd } from "./optimizers/sgd.ts";
export { type ShampooOptions, shampoo } from "./optimizers/shampoo.ts";
export { type ShampooSequentialOptions, shampooSequential } from "./optimizers/shampoo-sequential.ts";
export { type SignSgdOptions, type SignumOptions, signSgd, signum } from "./optimizers/sign-sgd.ts";
export { type Sm3Options, sm3 } from "./optimizers/sm3.ts";
export { type SoapOptions, soap } from "./optimizers/soap.ts";
export { type SophiaHOptions, sophiaH } from "./optimizers/sophia-h.ts";
export { type SparseAdamOptions, sparseAdam } from "./optimizers/sparse-adam.ts";
export { type StableAdamwOptions, stableAdamw } from "./optimizers/stable-adamw.ts";
export { type YogiOptions, yogi } from "./optimizers/yogi.ts";
export { findOptimizer, makeOptimizer, optimizers } from "./optimizers.ts";
export { perTensor, stateless, type TensorRule } from "./per-tensor.ts";
export {
  type Alias,
  type CodeFor,
  chainSchedules,
  commonOptions,
  defineSchedule,
  describeRange,
  type FoundSchedule,
  findSchedule,
  isMetricSchedule,
  joinSchedules,
  type LearningRate,
  type Library,
  learningRate,
  learningRateFromSpec,
  type MakeContext,
  type MakeScheduleOptions,
  type MetricSchedule,
  type MetricState,
  makeSchedule,
  type Options,
  type OptionType,
  type RunLengths,
  type Schedule,
  type ScheduleRow,
  type ScheduleSpec,
  scaleSchedule,
  scheduleCode,
  scheduleFromSpec,
  schedules,
} from "./schedules/index.ts";
export type { OptionSpec as ScheduleOptionSpec } from "./schedules/options.ts";
export {
  evaluateState,
  flattenState,
  initialState,
  selectState,
  stateInputs,
  unflattenState,
} from "./state.ts";
export { applyUpdates, globalDot, globalNorm } from "./tensors.ts";
export type { Hyper, State, Tensors, Transform } from "./transform.ts";
export { addNoise, type NoiseOptions, normalLike } from "./transforms/add-noise.ts";
export { centralize } from "./transforms/centralize.ts";
export { addDecayedWeights, decayByLr, decayMatrices, decayNow } from "./transforms/decay.ts";
export { emaMomentum as emaTrace } from "./transforms/ema-momentum.ts";
export { proximalDecay } from "./transforms/proximal-decay.ts";
export { type Probe, type PsgdOptions, scaleByKron } from "./transforms/psgd-kron.ts";
export { ascend, scaleBy, scaleByLr, scaleBySign } from "./transforms/scale.ts";
export { type AdamMoments, scaleByAdam, scaleByAmsgrad } from "./transforms/scale-by-adam.ts";
export { type TraceOptions, trace } from "./transforms/trace.ts";
export { scaleByTrustRatio, type TrustRatio } from "./transforms/trust-ratio.ts";
export { accumulate } from "./wrappers/accumulate.ts";
export { emaWeights, type SwaOptions, swaWeights } from "./wrappers/average-weights.ts";
export { freeze, type Group, type Match, masked, parameterGroups } from "./wrappers/groups.ts";
export { type LookaheadOptions, lookahead } from "./wrappers/lookahead.ts";
export { withLrFactor } from "./wrappers/lr-factor.ts";
export { partition } from "./wrappers/partition.ts";
export { type SamOptions, sam } from "./wrappers/sam.ts";
export { type Scheduled, scheduled } from "./wrappers/scheduled.ts";
export { skipNonFinite } from "./wrappers/skip-non-finite.ts";
