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
  let done: StepResult[] = [];
  let device: DeviceMemory | null = null;
  const reads: ((outputs: Results) => StepResult)[] = [];
  return {
    asked,
    note: (result) => {
      if (asked) done.push({ ...result });
    },
    wait: (from, read) => {
      device = from;
      reads.push(read);
    },
    take: async () => {
      if (device === null) {
        const taken = done;
        done = [];
        return taken;
      }
      // steps may be sent while the answer is on its way
      const outputs = await device.results();
      const waiting = reads.splice(0, outputs.length);
      return outputs.map((o, i) => ({ ...waiting[i]!(o) }));
    },
  };
}
