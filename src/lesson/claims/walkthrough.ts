/** The lesson's two programs as it prints them: what it says they end at, and what they end at. */
import { defineExperiment, type Experiment, type Outcome } from "../claim.ts";
import type { LessonContext } from "../context.ts";
import { gradientDescentHistories, optimizerHistories } from "../walkthrough.ts";
import { fixed, last } from "../words.ts";

interface OptimizerSettings extends Readonly<Record<string, number>> {
  readonly lr: number;
  readonly epochs: number;
  /** Where the claimed number appears. */
  readonly longerLr: number;
  readonly longerEpochs: number;
  /** What the two decimals of the lesson leave open. */
  readonly tolerance: number;
}

const optimizer = (
  name: "sgd" | "adam",
  label: string,
  claimed: number,
  settings: OptimizerSettings,
): Experiment<OptimizerSettings> =>
  defineExperiment({
    claim: `${label} at learning rate ${settings.lr} ends ${settings.epochs} epochs at a loss of ${claimed}`,
    claimed,
    settings,
    run: async ({ backend }, { lr, epochs, longerLr, longerEpochs, tolerance }) => {
      const rates = (rate: number): { sgd: number; adam: number } => ({ sgd: rate, adam: rate });
      const single = optimizerHistories({ backend, epochs, lr: rates(lr) })[name];
      const double = optimizerHistories({ backend, epochs, lr: rates(lr), dtype: "float64" })[name];
      const there = last(
        optimizerHistories({
          backend,
          dtype: "float64",
          loss: "bce-with-logits",
          epochs: longerEpochs,
          lr: rates(longerLr),
        })[name],
      );
      const final = last(single);
      const near = (value: number): boolean => Math.abs(value - claimed) <= tolerance;
      return {
        summary: fixed(final, 4),
        measured: {
          final,
          float32: { final, history: [...single] },
          float64: { final: last(double), history: [...double] },
        },
        verdict: near(final) ? "holds" : "does-not-hold",
        condition: near(final)
          ? null
          : `With ${longerEpochs} epochs at learning rate ${longerLr}, the loss from logits and float64 it ends at ${fixed(there, 4)}`,
      };
    },
  });

// as many epochs as bring both to the claimed numbers, at a rate that 2/L guarantees and a large one
export const walkthroughSgd: Experiment = optimizer("sgd", "SGD", 0.48, {
  lr: 0.001,
  epochs: 500,
  longerLr: 0.0008,
  longerEpochs: 3300,
  tolerance: 0.005,
});
export const walkthroughAdam: Experiment = optimizer("adam", "Adam", 0.05, {
  lr: 0.01,
  epochs: 500,
  longerLr: 0.5,
  longerEpochs: 3300,
  tolerance: 0.005,
});

interface DescentSettings extends Readonly<Record<string, number>> {
  readonly lr: number;
  readonly epochs: number;
}

interface Run {
  readonly falls: boolean;
  /** Share of the first loss that is gone. */
  readonly decrease: number;
}

const gradientDescent = (
  lr: number,
  said: string,
  holds: (run: Run) => boolean,
): Experiment<DescentSettings> =>
  defineExperiment({
    claim: `gradient descent at learning rate ${lr} is ${said}`,
    claimed: said,
    settings: { lr, epochs: 500 },
    run: async ({ backend }: LessonContext, settings): Promise<Outcome> => {
      const options = { backend, epochs: settings.epochs, rates: [settings.lr] };
      const [double] = gradientDescentHistories(options);
      const [single] = gradientDescentHistories({ ...options, dtype: "float32" });
      const curve = [...double!];
      const final = last(curve);
      const falls = curve.every((loss, k) => k === 0 || loss <= curve[k - 1]!);
      return {
        summary: `${fixed(curve[0]!, 4)} to ${fixed(final, 4)}, ${falls ? "falling at every step" : "not always falling"}`,
        measured: {
          final,
          first: curve[0]!,
          falls,
          float32: { final: last(single!), history: [...single!] },
          float64: { final, history: curve },
        },
        verdict: holds({ falls, decrease: 1 - final / curve[0]! }) ? "holds" : "does-not-hold",
        condition: null,
      };
    },
  });

export const walkthroughTooHigh: Experiment = gradientDescent(
  5,
  "too high (diverges)",
  ({ falls, decrease }) => !falls || decrease < 0,
);
export const walkthroughGood: Experiment = gradientDescent(
  0.5,
  "good (converges smoothly)",
  ({ falls, decrease }) => falls && decrease > 0.5,
);
export const walkthroughTooLow: Experiment = gradientDescent(
  0.001,
  "too low (barely moves in 500 steps)",
  ({ decrease }) => decrease < 0.2,
);
