/** Choosing how to train: the learning rate, the optimizer, and what theory says about a run. */
export { type Advice, type Agreement, advise, agreement } from "./compare/advise.ts";
export { type Cell, type CellStatus, type Course, runCell } from "./compare/cell.ts";
export {
  type CompareOptions,
  type CompareProgress,
  type CompareResult,
  type Comparison,
  compare,
} from "./compare/compare.ts";
export { type Contestant, parseContestants } from "./compare/contestants.ts";
export type { Halved } from "./compare/halving.ts";
export type { Race, RaceVerdict, Rival } from "./compare/race.ts";
export { type RateQuestion, type RateSearch, searchCellRate } from "./compare/rate-search.ts";
export { type RatePlan, ratePlan } from "./compare/rates.ts";
export { type Sensitivity, sensitivity } from "./compare/sensitivity.ts";
export type { Mean } from "./compare/student-t.ts";
export {
  type BestRate,
  type ContestantResult,
  type Judgement,
  judge,
  type RankedBy,
  type RateResult,
  type Summary,
  summarize,
  type Target,
  type ToTarget,
} from "./compare/summary.ts";
export {
  type Analysis,
  type AnalyzeOptions,
  type AnalyzeProgress,
  analyze,
  type CurvatureAt,
  type EdgeValue,
  type LimitRow,
} from "./convergence/analysis.ts";
export {
  BOUNDS,
  type BoundFacts,
  type BoundRow,
  compareBound,
  heavyBallRate,
  type Margin,
  type Needs,
  noiseFloor,
} from "./convergence/bounds.ts";
export {
  type Assumption,
  type BoundResult,
  type Convergence,
  type ConvergenceOptions,
  convergence,
} from "./convergence/convergence.ts";
export type { SharpnessPoint } from "./convergence/path.ts";
export { type FindLrOptions, type FindLrProgress, findLr } from "./find-lr/find-lr.ts";
export { findGroupRates, type GroupRate, type GroupRates, type SearchRun } from "./find-lr/groups.ts";
export { type Rule, rules } from "./find-lr/other-tools.ts";
export type { Purpose } from "./find-lr/run-trials.ts";
export type {
  Check,
  Confidence,
  CurvatureCheck,
  FindLrResult,
  RateRange,
  Refusal,
  RuleResult,
  ShortRunResult,
  SweepPoint,
  TrialResult,
} from "./find-lr/types.ts";
