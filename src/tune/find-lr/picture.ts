/** A range test as a picture, and what other tools would read from it. It decides nothing. */
import { rules } from "./other-tools.ts";
import { readSweep, type SweepMarks, sweep, windowOf } from "./range-test.ts";
import type { RunStepper } from "./run-stepper.ts";
import type { FindLrResult } from "./types.ts";

export interface PictureOptions {
  readonly seed: number;
  readonly iterations: number;
  readonly momentum: number | undefined;
  readonly onStep: () => Promise<void> | undefined;
}

export type Picture = Pick<FindLrResult, "curve" | "rules" | "lrMin" | "lrRise" | "lrDiverged"> & {
  readonly losses: readonly (number | null)[];
};

/** The rates of fastai's and torch-lr-finder's range tests; it goes on above them while nothing has diverged. */
const RATES = { from: 1e-7, to: 10, highest: 1e6 } as const;

export const noPicture: Picture = {
  curve: [],
  rules: {},
  lrMin: null,
  lrRise: null,
  lrDiverged: null,
  losses: [],
};

export async function picture(stepper: RunStepper, options: PictureOptions): Promise<Picture> {
  const { lrs, losses, stopped, seed } = await sweep(stepper, { ...RATES, ...options });
  const marks: SweepMarks = readSweep(
    { lrs, losses, stopped, seed },
    windowOf({ ...RATES, iterations: options.iterations }),
  );
  return {
    curve: lrs.map((lr, i) => ({ lr, loss: finite(losses[i]!), smoothed: finite(marks.smoothed[i]!) })),
    rules: Object.fromEntries(
      rules.map(({ id, choose }) => {
        const lr = choose(lrs, losses);
        return [id, { lr, spread: lr === null ? null : [lr, lr] }];
      }),
    ),
    lrMin: marks.fell ? marks.lrMin : null,
    lrRise: marks.fell ? marks.lrRise : null,
    lrDiverged: marks.lrDiverged,
    losses: losses.map(finite),
  };
}

export const finite = (x: number): number | null => (Number.isFinite(x) ? x : null);
