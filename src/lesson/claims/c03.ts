import { adam, sgd } from "../../optim/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { firstProgram, history } from "../walkthrough.ts";
import { fixed, last } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim: "SGD and Adam are compared at the same learning rate budget",
  claimed: "same learning rate budget",
  settings: { sgdLr: 0.001, adamLr: 0.01, epochs: 500, window: 50 },
  run: async ({ backend }, { sgdLr, adamLr, epochs, window }) => {
    const [low, high] = [Math.min(sgdLr, adamLr), Math.max(sgdLr, adamLr)];
    const both = (lr: number): { sgd: number; swing: readonly [number, number]; adam: number } => {
      const curve = history(firstProgram({ backend, optimizer: sgd({ lr }), start: "sgd" }), epochs);
      return {
        sgd: last(curve),
        swing: [Math.min(...curve.slice(-window)), Math.max(...curve.slice(-window))] as const,
        adam: last(history(firstProgram({ backend, optimizer: adam({ lr }), start: "adam" }), epochs)),
      };
    };
    const measured = { low: both(low), high: both(high) };
    const final = adamLr / sgdLr;
    const start = (name: "sgd" | "adam"): number[] =>
      firstProgram({ backend, optimizer: sgd({ lr: low }), start: name }).state.flatMap((s) => [...s.values]);
    const sameStart = start("sgd").every((w, i) => w === start("adam")[i]);
    return {
      summary: `rates differ ${final}×, the first weights ${sameStart ? "are the same" : "differ too"}`,
      measured: { final, sameStart, ...measured },
      verdict: final === 1 && sameStart ? "holds" : "does-not-hold",
      condition:
        `With both at ${low}, SGD ends at ${fixed(measured.low.sgd, 4)} and Adam at ${fixed(measured.low.adam, 4)}; ` +
        `with both at ${high}, SGD never settles (over the last ${window} epochs ${fixed(measured.high.swing[0], 2)} to ` +
        `${fixed(measured.high.swing[1], 2)}) and Adam ends at ${fixed(measured.high.adam, 4)}`,
    };
  },
});
