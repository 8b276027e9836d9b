/**
 * The small problems that the lesson's claims are measured on, for pages and notebooks that show them: descents,
 * quadratics, two wells of different curvature, the lesson's two programs.
 */
export { sharpness, valley } from "../claims/c18b.ts";
export { type Descent, type DescentParts, descent, stepsUntil } from "../descent.ts";
export { axisAligned, descentRate, heavyBall, spread } from "../quadratic.ts";
export { losses, type Problem, secondProgram } from "../second-program.ts";
export {
  type FirstProgramOptions,
  firstProgram,
  type Start,
} from "../walkthrough.ts";
export { FLAT, isFlat, SHARP, wells } from "../wells.ts";
export { ratios, share } from "../words.ts";
