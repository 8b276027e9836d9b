/** The hand-off with files and processes: a project in a folder, the Python that has PyTorch, torchrun. Node only. */
export { requireEmptyFolder, writeTorchProject } from "./node-project.ts";
export { findTorchPython, type TorchPython } from "./node-python.ts";
export { readTemplates } from "./node-templates.ts";
export {
  meetingPoint,
  startTorchrun,
  type TorchResult,
  type Torchrun,
  type TorchrunOptions,
  torchrunArguments,
} from "./node-torchrun.ts";
export {
  canMeasureTwo,
  type MeasureTorchOptions,
  measureTorch,
  type TorchMeasurements,
} from "./plan/node-measure.ts";
