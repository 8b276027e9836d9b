import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { between, clamp } from "./formulas.ts";
import { badOption, boolean, choice, number } from "./options.ts";
import type { Schedule } from "./types.ts";

/** `lr` moves between the phase's ends, `momentum` against it. `end` is the phase's last step. */
interface Phase {
  readonly end: number;
  readonly lr: readonly [number, number];
  readonly momentum: readonly [number, number];
}

export const oneCycle: ScheduleRow = defineSchedule({
  name: "one-cycle",
  about: "Up from lr/divFactor to lr and down to almost nothing, with the momentum moving the other way.",
  formula:
    "lr/divFactor → lr until pctStart·totalSteps − 1, → lr/(divFactor·finalDivFactor) at totalSteps − 1",
  source: {
    cite: "Smith and Topin (2018), Super-Convergence, arXiv 1708.07120; torch.optim.lr_scheduler.OneCycleLR",
  },
  elsewhere: [
    {
      name: "OneCycleLR",
      library: "pytorch",
      options: {
        max_lr: "lr",
        total_steps: "totalSteps",
        steps_per_epoch: "stepsPerEpoch",
        pct_start: "pctStart",
        anneal_strategy: "annealStrategy",
        div_factor: "divFactor",
        final_div_factor: "finalDivFactor",
        three_phase: "threePhase",
        cycle_momentum: "cycleMomentum",
        base_momentum: "baseMomentum",
        max_momentum: "maxMomentum",
      },
    },
  ],
  options: {
    totalSteps: number("Steps of the whole cycle.", {
      above: 1,
      filledFrom: "totalSteps",
      otherwise: "epochs · stepsPerEpoch",
    }),
    epochs: number("Used with stepsPerEpoch in place of totalSteps.", { above: 0 }),
    stepsPerEpoch: number("Used with epochs.", { above: 0, filledFrom: "stepsPerEpoch" }),
    pctStart: number("Share of the cycle in which the rate rises.", { default: 0.3, above: 0, max: 1 }),
    annealStrategy: choice("Curve of each phase.", ["cosine", "linear"], {
      default: "cosine",
      synonyms: { cos: "cosine" },
    }),
    divFactor: number("lr over the first rate.", { default: 25, above: 0 }),
    finalDivFactor: number("The first rate over the last.", { default: 1e4, above: 0 }),
    threePhase: boolean("Fall as fast as it rose, then on to the last rate.", { default: false }),
    cycleMomentum: boolean("Move the momentum (Adam: β₁) against the rate.", { default: true }),
    baseMomentum: number("Momentum at the peak of the rate.", { default: 0.85, min: 0, max: 1 }),
    maxMomentum: number("Momentum at both ends.", { default: 0.95, min: 0, max: 1 }),
  },
  example: { totalSteps: 101 },
  make: (lr, o, { at }) => {
    const total = o.epochs !== null && o.stepsPerEpoch !== null ? o.epochs * o.stepsPerEpoch : o.totalSteps;
    if (total === null)
      throw badOption(
        at,
        "totalSteps",
        "one-cycle needs totalSteps",
        "give totalSteps, or epochs and stepsPerEpoch",
      );
    const start = lr / o.divFactor;
    const final = start / o.finalDivFactor;
    const [low, high] = [o.baseMomentum, o.maxMomentum];
    const peak = o.pctStart * total - 1;
    const phases: readonly Phase[] = o.threePhase
      ? [
          { end: peak, lr: [start, lr], momentum: [high, low] },
          { end: 2 * peak, lr: [lr, start], momentum: [low, high] },
          { end: total - 1, lr: [start, final], momentum: [high, high] },
        ]
      : [
          { end: peak, lr: [start, lr], momentum: [high, low] },
          { end: total - 1, lr: [lr, final], momentum: [low, high] },
        ];
    const curve = between[o.annealStrategy];
    const follow =
      (quantity: "lr" | "momentum"): Schedule =>
      (k) => {
        const found = phases.findIndex(({ end }) => k <= end);
        const i = found === -1 ? phases.length - 1 : found;
        const phase = phases[i]!;
        const begin = phases[i - 1]?.end ?? 0;
        const p = phase.end > begin ? clamp((k - begin) / (phase.end - begin), 0, 1) : 1;
        return curve(...phase[quantity], p);
      };
    return o.cycleMomentum ? Object.assign(follow("lr"), { momentumAt: follow("momentum") }) : follow("lr");
  },
});
