/** A step smaller than the one before it: written late, a restart from the beginning, or a resume further back. */
export type BackStep = "late" | "restart" | "rewind";

/**
 * Concurrent writers leave a step a few places late, and it is one not seen yet. A step seen before, or one
 * from further back than the last eight, means training went back: to the first step or to a checkpoint.
 * `recent` holds the last distinct steps, oldest first.
 */
export function classifyBackStep(step: number, first: number, recent: readonly number[]): BackStep {
  if (step <= first) return "restart";
  const oldest = recent[0];
  if (oldest === undefined || step < oldest) {
    const newest = recent[recent.length - 1] ?? first;
    // within a hundredth of the way from the first step counts as the beginning
    return step - first <= (newest - first) * 0.01 ? "restart" : "rewind";
  }
  return recent.includes(step) ? "rewind" : "late";
}
