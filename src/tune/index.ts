/** Choosing how to train: the learning rate, the optimizer, and what theory says about a run. */
export { type Advice, type Agreement, advise, agreement } from "./compare/advise.ts";
export { type Cell, runCell } from "./compare/cell.ts";
export { type CompareOptions, type Comparison, compare } from "./compare/compare.ts";
export { parseContestants } from "./compare/contestants.ts";
export { type RateQuestion, type RateSearch, searchCellRate } from "./compare/rate-search.ts";
export { type RatePlan, ratePlan } from "./compare/rates.ts";
export { type Sensitivity, sensitivity } from "./compare/sensitivity.ts";
export { type Judgement, judge, type Summary, summarize } from "./compare/summary.ts";
export { type Analysis, type AnalyzeOptions, analyze } from "./convergence/analysis.ts";
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
export { type Convergence, type ConvergenceOptions, convergence } from "./convergence/convergence.ts";
export { type FindLrOptions, type FindLrProgress, findLr } from "./find-lr/find-lr.ts";
export { type Rule, rules } from "./find-lr/other-tools.ts";
export type { FindLrResult } from "./find-lr/types.ts";
