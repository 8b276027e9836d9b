/** Results of steps that are taken later: of a device, which answers when it has computed, or of any other backend. */
import type { DeviceMemory, Results } from "../engine/backend.ts";

/** Measurements of the last step: the loss before the update, the gradient's norm before clipping, and what the optimizer measures. */
export interface StepResult {
  loss: number;
  gradNorm: number;
  [measure: string]: number;
}

export interface LateResults {
  /** Whether results are taken later at all. */
  readonly asked: boolean;
  /** Keeps a result that is there already. */
  readonly note: (result: StepResult) => void;
  /** Keeps how to read the result of the step that was just sent. */
  readonly wait: (device: DeviceMemory, read: (outputs: Results) => StepResult) => void;
  /** Results since the last call, oldest first. */
  readonly take: () => Promise<readonly StepResult[]>;
}

export function lateResults(asked: boolean): LateResults {
  /** Results, and how to read those that are still to come, oldest first. */
  const steps: (StepResult | ((outputs: Results) => StepResult))[] = [];
  let device: DeviceMemory | null = null;
  let refused: { readonly error: unknown } | null = null;
  return {
    asked,
    note: (result) => {
      if (asked) steps.push({ ...result });
    },
    wait: (from, read) => {
      device = from;
      steps.push(read);
    },
    take: async () => {
      if (refused !== null) throw refused.error;
      // steps may be sent while the answer is on its way
      const outputs = device === null ? [] : await device.results();
      const taken: StepResult[] = [];
      let [read, count] = [0, 0];
      try {
        for (const step of steps) {
          if (typeof step !== "function") taken.push(step);
          else if (read < outputs.length) taken.push({ ...step(outputs[read++]!) });
          else break;
          count++;
        }
      } catch (error) {
        // a step that is refused: those before it are told first
        refused = { error };
        if (taken.length === 0) throw error;
      }
      steps.splice(0, count);
      return taken;
    },
  };
}
