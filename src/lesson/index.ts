/** The lesson's claims as experiments, each loaded when it runs. Works in Node and in a page's worker. */
export {
  type ClaimResult,
  type Experiment,
  isMap,
  type Measured,
  type Outcome,
  type Picture,
  type Settings,
  type Verdict,
} from "./claim.ts";
export { type ClaimRow, claims, groups, type RanClaim, runClaim, selectClaims } from "./claims.ts";
export { type LessonContext, type LessonContextOptions, lessonContext } from "./context.ts";
