/** One compiled step that several trainings take turns on: the state of each is put in and taken out again. */
import type { TypedArray } from "../../engine/graph/index.ts";
import type { RunStepper } from "./run-stepper.ts";

/** A training on a step that it shares with others. */
export interface SharedTraining {
  /** Steps made. */
  readonly position: number;
  /** Puts it into the program where it stood; what was in there is kept. */
  readonly enter: () => void;
  /** One step of the training that was entered last; returns the loss before it. */
  readonly step: (lr: number, momentum?: number) => number;
  /** It won't be entered again, and its state may go. */
  readonly release: () => void;
}

export interface SharedStep {
  readonly training: (seed: number) => SharedTraining;
  /** Does the work when all before it is done, so that no training is left in the middle of a piece. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>;
}

export function shareStep(stepper: RunStepper): SharedStep {
  let active: { readonly leave: () => void } | null = null;
  let queue: Promise<void> = Promise.resolve();
  return {
    inTurn: (work) => {
      queue = queue.then(work);
      return queue;
    },
    training: (seed) => {
      let state: readonly TypedArray[] | null = null;
      let position = 0;
      const self = {
        leave: () => {
          state = stepper.snapshot();
        },
      };
      return {
        get position() {
          return position;
        },
        enter: () => {
          if (active === self) return;
          active?.leave();
          if (state === null) stepper.restart(seed);
          else stepper.resume(seed, position, state);
          active = self;
        },
        step: (lr, momentum) => {
          position++;
          return stepper.step(lr, momentum);
        },
        release: () => {
          state = null;
          if (active === self) active = null;
        },
      };
    },
  };
}
