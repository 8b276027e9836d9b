export { type LbfgsStepperOptions, lbfgsMemory, lbfgsStepper, type Stepper } from "./lbfgs.ts";
export { type MinimizeOptions, type MinimizeResult, minimize } from "./minimize.ts";
export {
  type CompiledObjective,
  compileObjective,
  type Objective,
  type ObjectiveOptions,
  type Point,
} from "./objective.ts";
export {
  type BacktrackingOptions,
  backtracking,
  fixedStep,
  type LineSearch,
  type Step,
  type StrongWolfeOptions,
  strongWolfe,
} from "./search.ts";
